"""Fingerprints of a twin's rows: its few rows are read and each value hashed."""

from __future__ import annotations

import sqlite3
import zlib

from dbspecialist.engines.sqlite.names import bare, quoted
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.proofs.rows import Fingerprints, Hashes, RowsFingerprint, is_version_table


def fingerprint(connection: sqlite3.Connection, catalogue: Catalogue) -> Fingerprints:
    """Hash every value of every table; toolchains' version tables are left out."""
    found = {}
    for table in catalogue.of_kind("table"):
        if is_version_table(table.name) or table.attributes["virtual"]:
            continue
        columns = tuple(
            item.name.removeprefix(f"{table.name}.")
            for item in catalogue.parts_of(table.name, "column")
        )
        listed = ", ".join(map(quoted, columns))
        read = connection.execute(f"SELECT {listed} FROM {quoted(bare(table.name))}").fetchall()
        found[table.name] = RowsFingerprint(columns, tuple(_hashes(row) for row in read))
    return found


def _hashes(row: tuple[object, ...]) -> Hashes:
    return tuple(None if value is None else zlib.crc32(repr(value).encode()) for value in row)
