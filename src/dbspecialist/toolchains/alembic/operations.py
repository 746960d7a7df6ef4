"""Statements as Alembic's operations, where these send the same.

Only forms whose every part an operation has are told ("Operation Reference", Alembic's manual);
the others stay `op.execute`. Names are passed through `op.f`, so that no naming convention is
applied to them a second time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from dbspecialist.toolchains.alembic.column_types import sqlalchemy_type
from dbspecialist.toolchains.alembic.forms import WIDTH, bound

_NAME = r'(?:"(?:[^"]|"")+"|[a-z_][\w$]*)'
_REF = rf"(?:{_NAME}\.)?{_NAME}"
_TABLE = rf"ALTER TABLE (?:ONLY )?(?P<table>{_REF}) "
_COLUMN = rf"{_TABLE}ALTER COLUMN (?P<column>{_NAME}) "
_COLUMNS = rf"\((?P<columns>{_NAME}(?:, {_NAME})*)\)"

Found = re.Match[str]
#: An argument: an expression, or the name and the arguments of a call.
Argument = str | tuple[str, Sequence[str]]
Written = tuple[str, Sequence[Argument]]
_FORMS: list[tuple[re.Pattern[str], Callable[[Found], Written | None]]] = []


def _form(pattern: str) -> Callable[[Callable[[Found], Written | None]], None]:
    def keep(write: Callable[[Found], Written | None]) -> None:
        _FORMS.append((re.compile(rf"{pattern}\Z", re.IGNORECASE | re.DOTALL), write))

    return keep


def operation_lines(sql: str, indent: str) -> list[str] | None:
    """Return the lines of the operation that sends a statement, or nothing where there is none."""
    for pattern, write in _FORMS:
        found = pattern.match(sql)
        if found is not None:
            written = write(found)
            if written is not None:
                return _wrapped(f"op.{written[0]}", written[1], indent)
    return None


def _wrapped(name: str, arguments: Sequence[Argument], indent: str, end: str = "") -> list[str]:
    """Return a call on one line, or its arguments on one, or each on its own."""
    flat = [_flat(item) for item in arguments]
    whole = f"{indent}{name}({', '.join(flat)}){end}"
    if len(whole) <= WIDTH:
        return [whole]
    inner = indent + "    "
    joined = inner + ", ".join(flat)
    if len(joined) <= WIDTH:
        return [f"{indent}{name}(", joined, f"{indent}){end}"]
    lines = [f"{indent}{name}("]
    for item in arguments:
        lines += [f"{inner}{item},"] if isinstance(item, str) else _wrapped(*item, inner, ",")
    return [*lines, f"{indent}){end}"]


def _flat(item: Argument) -> str:
    return item if isinstance(item, str) else f"{item[0]}({', '.join(item[1])})"


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _sql_text(expression: str) -> str:
    return f"sa.text({_text(bound(expression))})"


def _parts(reference: str) -> tuple[str, str]:
    """Return a reference's schema, "" for the usual one, and its name."""
    names = re.findall(_NAME, reference, re.IGNORECASE)
    schema = _bare(names[0]) if len(names) > 1 else "public"
    return "" if schema == "public" else schema, _bare(names[-1])


def _schema(reference: str) -> list[str]:
    schema, _ = _parts(reference)
    return [f"schema={_text(schema)}"] if schema else []


def _named(reference: str) -> str:
    return _text(_parts(reference)[1])


def _own(name: str) -> str:
    return f"op.f({_text(_bare(name))})"


def _list(columns: str) -> str:
    names = (_text(_bare(name)) for name in re.findall(_NAME, columns, re.IGNORECASE))
    return f"[{', '.join(names)}]"


@_form(
    rf"{_TABLE}ADD COLUMN (?P<column>{_NAME}) (?P<type>.+?)"
    r"(?: DEFAULT (?P<default>.+?))?(?P<required> NOT NULL)?"
)
def _add_column(found: Found) -> Written | None:
    type_ = sqlalchemy_type(found["type"])
    if type_ is None or re.search(r"\b(GENERATED|CONSTRAINT|COLLATE)\b", found["default"] or ""):
        return None
    column = [_text(_bare(found["column"])), type_]
    if found["default"]:
        column.append(f"server_default={_sql_text(found['default'])}")
    column += ["nullable=False"] if found["required"] else []
    written: Argument = ("sa.Column", column)
    return "add_column", [_named(found["table"]), written, *_schema(found["table"])]


@_form(rf"{_TABLE}DROP COLUMN (?P<column>{_NAME})")
def _drop_column(found: Found) -> tuple[str, list[str]]:
    column = _text(_bare(found["column"]))
    return "drop_column", [_named(found["table"]), column, *_schema(found["table"])]


@_form(rf"DROP TABLE (?P<table>{_REF})")
def _drop_table(found: Found) -> tuple[str, list[str]]:
    return "drop_table", [_named(found["table"]), *_schema(found["table"])]


@_form(rf"{_TABLE}RENAME TO (?P<name>{_NAME})")
def _rename_table(found: Found) -> tuple[str, list[str]]:
    name = _text(_bare(found["name"]))
    return "rename_table", [_named(found["table"]), name, *_schema(found["table"])]


@_form(rf"{_TABLE}RENAME COLUMN (?P<column>{_NAME}) TO (?P<name>{_NAME})")
def _rename_column(found: Found) -> tuple[str, list[str]]:
    return _altered(found, f"new_column_name={_text(_bare(found['name']))}")


@_form(rf"{_COLUMN}(?P<way>SET|DROP) NOT NULL")
def _nullable(found: Found) -> tuple[str, list[str]]:
    return _altered(found, f"nullable={found['way'].upper() == 'DROP'}")


@_form(rf"{_COLUMN}DROP DEFAULT")
def _drop_default(found: Found) -> tuple[str, list[str]]:
    return _altered(found, "server_default=None")


@_form(rf"{_COLUMN}SET DEFAULT (?P<default>.+)")
def _set_default(found: Found) -> tuple[str, list[str]]:
    return _altered(found, f"server_default={_sql_text(found['default'])}")


@_form(rf"{_COLUMN}TYPE (?P<type>.+)")
def _type(found: Found) -> tuple[str, list[str]] | None:
    type_ = sqlalchemy_type(found["type"])
    return None if type_ is None else _altered(found, f"type_={type_}")


def _altered(found: Found, what: str) -> tuple[str, list[str]]:
    column = _text(_bare(found["column"]))
    return "alter_column", [_named(found["table"]), column, what, *_schema(found["table"])]


@_form(
    rf"CREATE (?P<unique>UNIQUE )?INDEX (?P<alone>CONCURRENTLY )?(?P<name>{_NAME})"
    rf" ON (?P<table>{_REF})(?: USING btree)? {_COLUMNS}(?: WHERE (?P<where>.+))?"
)
def _create_index(found: Found) -> tuple[str, list[str]]:
    given = [_own(found["name"]), _named(found["table"]), _list(found["columns"])]
    given += ["unique=True"] if found["unique"] else []
    given += _schema(found["table"])
    given += ["postgresql_concurrently=True"] if found["alone"] else []
    if found["where"]:
        given.append(f"postgresql_where={_sql_text(found['where'])}")
    return "create_index", given


@_form(rf"DROP INDEX (?P<alone>CONCURRENTLY )?(?P<name>{_REF})")
def _drop_index(found: Found) -> tuple[str, list[str]]:
    given = [f"op.f({_named(found['name'])})", *_schema(found["name"])]
    given += ["postgresql_concurrently=True"] if found["alone"] else []
    return "drop_index", given


@_form(rf"{_TABLE}DROP CONSTRAINT (?P<name>{_NAME})")
def _drop_constraint(found: Found) -> tuple[str, list[str]]:
    table = _named(found["table"])
    return "drop_constraint", [_own(found["name"]), table, *_schema(found["table"])]


@_form(rf"{_TABLE}ADD CONSTRAINT (?P<name>{_NAME}) (?P<kind>UNIQUE|PRIMARY KEY) {_COLUMNS}")
def _key(found: Found) -> tuple[str, list[str]]:
    kind = "unique_constraint" if found["kind"].upper() == "UNIQUE" else "primary_key"
    given = [_own(found["name"]), _named(found["table"]), _list(found["columns"])]
    return f"create_{kind}", [*given, *_schema(found["table"])]


@_form(
    rf"{_TABLE}ADD CONSTRAINT (?P<name>{_NAME}) CHECK \((?P<check>.+)\)(?P<unchecked> NOT VALID)?"
)
def _check(found: Found) -> tuple[str, list[str]]:
    given = [_own(found["name"]), _named(found["table"]), _sql_text(found["check"])]
    given += _schema(found["table"])
    return "create_check_constraint", [*given, *_unchecked(found)]


@_form(
    rf"{_TABLE}ADD CONSTRAINT (?P<name>{_NAME}) FOREIGN KEY {_COLUMNS}"
    rf" REFERENCES (?P<other>{_REF}) ?\((?P<keys>{_NAME}(?:, {_NAME})*)\)"
    r"(?P<actions>(?: ON (?:UPDATE|DELETE) (?:CASCADE|RESTRICT|SET NULL|SET DEFAULT))*)"
    r"(?P<unchecked> NOT VALID)?"
)
def _foreign_key(found: Found) -> tuple[str, list[str]]:
    given = [_own(found["name"]), _named(found["table"]), _named(found["other"])]
    given += [_list(found["columns"]), _list(found["keys"])]
    given += [f"source_{item}" for item in _schema(found["table"])]
    given += [f"referent_{item}" for item in _schema(found["other"])]
    given += _actions(found["actions"])
    return "create_foreign_key", [*given, *_unchecked(found)]


def _actions(text: str) -> Iterator[str]:
    for on, action in re.findall(r" ON (\w+) (CASCADE|RESTRICT|SET \w+)", text.upper()):
        yield f"on{on.lower()}={_text(action)}"


def _unchecked(found: Found) -> list[str]:
    return ["postgresql_not_valid=True"] if found["unchecked"] else []
