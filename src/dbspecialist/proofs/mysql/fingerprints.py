"""Fingerprints of a twin's rows: its few rows are read and each value hashed."""

from __future__ import annotations

import zlib

from dbspecialist.engines.mysql.driver import Connection, rows
from dbspecialist.engines.mysql.names import in_sql, parts
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.proofs.rows import Fingerprints, Hashes, RowsFingerprint, is_version_table


def fingerprint(session: Connection, catalogue: Catalogue) -> Fingerprints:
    """Hash every value of every table; toolchains' version tables are left out."""
    found = {}
    for table in catalogue.of_kind("table"):
        if is_version_table(table.name):
            continue
        columns = tuple(parts(item.name)[-1] for item in catalogue.parts_of(table.name, "column"))
        read = rows(session, f"SELECT * FROM {in_sql(table.name)}")
        found[table.name] = RowsFingerprint(columns, tuple(_hashes(row) for row in read))
    return found


def _hashes(row: tuple[object, ...]) -> Hashes:
    return tuple(None if value is None else zlib.crc32(repr(value).encode()) for value in row)
