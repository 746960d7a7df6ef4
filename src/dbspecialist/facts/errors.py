"""Errors whose text is meant for the person at the terminal."""

from __future__ import annotations

from dbspecialist.facts.cutting import cut_quotes


class InputError(Exception):
    """Input that cannot be used, told as one line: what, where, what to do.

    The command line prints it and exits with status 2.

    Args:
        what: The fact, as a clause ("the snapshot ends in the middle").
        where: The file, URL without password, or option that is meant.
        todo: The next step, as an imperative clause.
    """

    def __init__(self, what: str, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = cut_quotes(what), where, todo
        head = f"{where}: {self.what}" if where else self.what
        super().__init__(f"{head}; {todo}" if todo else head)
