"""Roles: who may be named in a server's GRANTs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the server; its password is nowhere read.

    Args:
        name: Without quotes.
        options: What it may beside its privileges, as CREATE ROLE writes it (`LOGIN`, `CREATEDB`).
        member_of: The roles that it is a member of, by name.
    """

    name: str
    options: tuple[str, ...] = ()
    member_of: tuple[str, ...] = ()
