"""psql variables: their values, and what is known of them before the script runs.

The manual page of psql, "SQL Interpolation" and "Variables".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: psql sets them by the connection or by the statement before.
OF_PSQL = frozenset(
    {"DBNAME", "ENCODING", "ERROR", "HOST", "LAST_ERROR_MESSAGE", "LAST_ERROR_SQLSTATE"}
    | {"PORT", "ROW_COUNT", "SERVER_VERSION_NAME", "SERVER_VERSION_NUM", "SQLSTATE", "USER"}
    | {"VERSION", "VERSION_NAME", "VERSION_NUM"}
)


@dataclass
class Variables:
    """The variables of a script while it is read.

    Args:
        values: Their values.
        running: Whether the script's statements run while it is read, so that all are known.
        asked: Whether the script used a value that only its run tells.
    """

    values: dict[str, str]
    running: bool = False
    asked: bool = False
    _certain: set[str] | None = field(default=None, repr=False)
    _open: set[str] = field(default_factory=set, repr=False)

    def set(self, name: str, value: str, *, is_open: bool = False) -> None:
        """Give a variable a value, or one that is made of what only the run tells."""
        self.unset(name)
        self.values[name] = value
        if is_open:
            self._open.add(name)

    def unset(self, name: str) -> None:
        """Forget a variable."""
        self.values.pop(name, None)
        self._open.discard(name)
        if self._certain is not None:
            self._certain.add(name)

    def answered(self) -> None:
        """Take all variables for unknown: what a statement answers gave some of them a value."""
        self._certain, self.asked = set(), True

    def update(self, values: Mapping[str, str]) -> None:
        """Give variables the values that psql gives them by itself."""
        self.values.update(values)

    def is_open(self, name: str) -> bool:
        """Tell whether only the run tells a variable's value."""
        if self.running:
            return False
        if name in self._open:
            return True
        if self._certain is not None:
            return name not in self._certain
        return name in OF_PSQL and name not in self.values

    def interpolated(self, kind: str, piece: str) -> str:
        """Return the value of `:name`, `:'name'`, `:"name"` or `:{?name}`.

        An unset variable stays as it is written, and so does one that only the run tells.
        """
        name = piece[3:-1] if kind == "test" else piece[1:].strip("'\"")
        if self.is_open(name):
            self.asked = True
            return piece
        if kind == "test":
            return "TRUE" if name in self.values else "FALSE"
        value = self.values.get(name)
        return piece if value is None else _quoted(value, piece[1])


def _quoted(value: str, mark: str) -> str:
    if mark == '"':
        return '"' + value.replace('"', '""') + '"'
    if mark != "'":
        return value
    quoted = "'" + value.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted
