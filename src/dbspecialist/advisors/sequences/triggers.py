"""Triggers by which what old code writes is found where new code reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trigger:
    """A row trigger with a function of its own.

    Args:
        name: Of both, quoted; the function's schema is the table's.
        table: The table's qualified name.
        schema: Its schema.
        event: `BEFORE INSERT OR UPDATE` …
        body: The function's statements.
    """

    name: str
    table: str
    schema: str
    event: str
    body: str

    @property
    def made(self) -> tuple[str, str]:
        """The statements that make function and trigger."""
        lines = "\n".join(f"    {line}" for line in self.body.splitlines())
        function = f"{self.schema}.{self.name}()"
        return (
            f"CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS $sync$\n"
            f"BEGIN\n{lines}\n    RETURN NEW;\nEND\n$sync$",
            f"CREATE TRIGGER {self.name} {self.event} ON {self.table}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}",
        )

    @property
    def gone(self) -> tuple[str, str]:
        """The statements that drop trigger and function."""
        return (
            f"DROP TRIGGER {self.name} ON {self.table}",
            f"DROP FUNCTION {self.schema}.{self.name}()",
        )
