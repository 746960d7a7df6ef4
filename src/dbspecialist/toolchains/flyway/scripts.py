"""Flyway scripts: placeholders, statements, transactions and checksums.

"Migration transaction handling", "Placeholders" and "Checksums" in Flyway's manual.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dbspecialist.engines.postgresql.script import ScriptStatement
from dbspecialist.engines.postgresql.tokens import line_at, script_text, tokens
from dbspecialist.facts.errors import InputError
from dbspecialist.toolchains.dialects import POSTGRESQL, read_dialect
from dbspecialist.toolchains.flyway.config import FlywayConfig

#: Statements for which Flyway opens no transaction on PostgreSQL 12 and later. CONCURRENTLY of
#: REINDEX INDEX and ALTER TABLE … DETACH is not among them: they fail in Flyway's transaction.
_ALONE = re.compile(
    r"(CREATE|DROP) (DATABASE|TABLESPACE|SUBSCRIPTION)\b|ALTER SYSTEM\b"
    r"|(CREATE|DROP)( UNIQUE)? INDEX CONCURRENTLY\b|REINDEX( VERBOSE)? (SCHEMA|DATABASE|SYSTEM)\b"
    r"|VACUUM\b|DISCARD ALL\b",
)
_WORDS = 4


@dataclass(frozen=True, slots=True)
class FlywayScript:
    """One script, ready to be sent.

    Args:
        path: The file.
        statements: Its statements, placeholders replaced.
        transactional: Whether Flyway wraps it in a transaction.
        conflict: Why Flyway refuses it, or "".
    """

    path: Path
    statements: tuple[ScriptStatement, ...]
    transactional: bool
    conflict: str = ""


def read_flyway_script(
    path: Path, config: FlywayConfig, values: Mapping[str, str], dialect: str = POSTGRESQL
) -> FlywayScript:
    """Read a script.

    Args:
        path: The file; beside it may lie its own configuration (`V1__a.sql.conf`).
        config: The project's configuration.
        values: The placeholders that Flyway itself defines, by name in lower case.
        dialect: The engine that it is for.

    Raises:
        InputError: When a placeholder has no value or the script does not split.
    """
    own = _own(path)
    replaces = own.get("placeholderReplacement", str(config.replaces)).lower() == "true"
    text = script_text(path)
    if replaces:
        text = replaced(text, path, config, values)
    statements = read_dialect(text, path, dialect).statements
    # MySQL has no statement that a transaction refuses: its DDL ends it instead.
    alone = [item for item in statements if dialect == POSTGRESQL and _runs_alone(item.sql)]
    stated = own.get("executeInTransaction")
    if stated is not None:
        return FlywayScript(path, statements, stated.lower() == "true")
    mixes = bool(alone) and len(alone) < len(statements)
    conflict = _conflict(statements, alone) if mixes and config.in_transaction else ""
    transactional = config.in_transaction and not alone
    return FlywayScript(path, statements, transactional, "" if config.mixed else conflict)


def _conflict(statements: tuple[ScriptStatement, ...], alone: list[ScriptStatement]) -> str:
    """Flyway's refusal: the first statement at which both kinds have been seen."""
    first = alone[0] is statements[0]
    offending = next(item for item in statements if (item in alone) != first)
    return (
        "Detected both transactional and non-transactional statements within the same migration"
        f" (even though mixed is false). Offending statement found at line {offending.line}"
    )


def _runs_alone(sql: str) -> bool:
    """Whether Flyway's parser takes a statement for one that has no transaction."""
    words: list[str] = []
    for token in tokens(sql, ""):
        if token.kind == "word":
            words.append(sql[token.start : token.end].upper())
        elif token.kind not in {"space", "line_comment", "block_comment"}:
            break
        if len(words) == _WORDS:
            break
    return _ALONE.match(" ".join(words)) is not None


def _own(path: Path) -> dict[str, str]:
    """A script's own configuration."""
    file = path.with_name(path.name + ".conf")
    if not file.is_file():
        return {}
    lines = (line.partition("=") for line in script_text(file).splitlines() if "=" in line)
    return {key.strip().removeprefix("flyway."): value.strip() for key, _, value in lines}


def replaced(text: str, path: Path, config: FlywayConfig, values: Mapping[str, str]) -> str:
    """A script with its placeholders replaced, in comments and strings as well.

    Raises:
        InputError: When one has no value.
    """
    known = {**config.placeholders, **values, "flyway:filename": path.name}
    pattern = re.compile(re.escape(config.prefix) + r"(.*?)" + re.escape(config.suffix), re.DOTALL)

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name.lower() not in known:
            variable = f"FLYWAY_PLACEHOLDERS_{name.upper()}"
            raise InputError(
                f"no value is given for the placeholder {found[0]}",
                f"{path}:{line_at(text, found.start())}",
                f"set {variable}, or placeholders.{name} in Flyway's configuration",
            )
        return known[name.lower()]

    return pattern.sub(value, text)


def checksum(text: str) -> int:
    """Flyway's checksum of a text: CRC32 over its lines without their ends, signed."""
    lines = re.split(r"\r\n|\r|\n", text)
    number = zlib.crc32("".join(lines).encode())
    return number - (1 << 32) if number >= 1 << 31 else number
