"""A catalogue created again on a twin, with stand-ins for what the twin's engine lacks."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from dbspecialist.engines.mysql.driver import Connection, MySQLError, execute, rows
from dbspecialist.engines.mysql.names import quoted
from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.snapshot import Snapshot

#: The account that runs migrations: it owns production's database and has no right over the server.
OWNER = "dbs_owner"

#: Settings of production that a twin's sessions start with.
SETTINGS = (
    *("sql_mode", "lock_wait_timeout", "innodb_lock_wait_timeout", "innodb_strict_mode"),
    *("character_set_server", "collation_server", "innodb_default_row_format"),
    *("explicit_defaults_for_timestamp", "foreign_key_checks", "alter_algorithm"),
    *("innodb_instant_alter_column_allowed", "default_storage_engine"),
)
_FIRST = ("table",)
_AFTER = ("function", "procedure", "view", "trigger", "event")
_MYSQL_8_COLLATION = re.compile(r"\butf8mb4_0900_(\w+)")
_STAND_INS = {"ai_ci": "utf8mb4_unicode_520_ci", "bin": "utf8mb4_bin"}
_NUMERIC = re.compile(r"\d+(\.\d+)?\Z")


def apply_settings(admin: Connection, snapshot: Snapshot) -> list[str]:
    """Give the twin's sessions production's settings; return what it did not take."""
    left_out = []
    for name in SETTINGS:
        value = snapshot.settings.get(name)
        if value is None:
            with contextlib.suppress(MySQLError):  # the other engine's
                execute(admin, f"SET GLOBAL {name} = DEFAULT")
            continue
        text = value if _NUMERIC.match(value) else "'" + value.replace("'", "''") + "'"
        try:
            execute(admin, f"SET GLOBAL {name} = {_stood_in(text)}")
        except MySQLError as error:
            left_out.append(f"setting {name}: {error.args[-1]}")
    return left_out


def create_database(
    admin: Connection, name: str, snapshot: Snapshot | None, account: str = f"'{OWNER}'@'localhost'"
) -> None:
    """Make production's database anew, and the account that owns it."""
    settings = snapshot.settings if snapshot else {}
    execute(admin, f"DROP DATABASE IF EXISTS {quoted(name)}")
    charset = settings.get("character_set_database", "utf8mb4")
    collation = _stood_in(settings.get("collation_database", ""))
    execute(
        admin,
        f"CREATE DATABASE {quoted(name)} CHARACTER SET {charset}"
        + (f" COLLATE {collation}" if collation else ""),
    )
    execute(admin, f"CREATE USER IF NOT EXISTS {account}")
    execute(admin, f"GRANT ALL ON {quoted(name)}.* TO {account}")


def load_catalogue(connection: Connection, catalogue: Catalogue) -> list[str]:
    """Create all objects of a catalogue in the session's database; return what was left out."""
    left_out = []
    mode = rows(connection, "SELECT @@sql_mode")[0][0]
    # Production holds what was made under older modes, and tables that refer to later ones.
    execute(connection, "SET SESSION sql_mode = '', foreign_key_checks = 0")
    waiting = [item for item in catalogue.of_kind(*_FIRST, *_AFTER) if item.create]
    waiting.sort(key=lambda item: item.kind not in _FIRST)
    while waiting:
        refused = list(_refused(connection, waiting))
        if len(refused) == len(waiting):
            left_out += [f"{item.kind} {item.name}: {reason}" for item, reason in refused]
            break
        waiting = [item for item, _ in refused]  # views stand on one another
    execute(connection, f"SET SESSION sql_mode = '{mode}', foreign_key_checks = 1")
    stood_in = {found for item in catalogue.objects for found in _stand_ins(item)}
    return left_out + sorted(stood_in)


def _refused(
    connection: Connection, items: list[SchemaObject]
) -> Iterator[tuple[SchemaObject, str]]:
    for item in items:
        try:
            execute(connection, _stood_in(item.create))
        except MySQLError as error:
            yield item, str(error.args[-1])


def _stood_in(text: str) -> str:
    return _MYSQL_8_COLLATION.sub(
        lambda found: _STAND_INS.get(found[1], "utf8mb4_unicode_520_ci"), text
    )


def _stand_ins(item: SchemaObject) -> Iterator[str]:
    for found in _MYSQL_8_COLLATION.finditer(item.create):
        yield f"collation {found[0]}: {_stood_in(found[0])} stands in for it"
