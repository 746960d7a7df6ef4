"""How many rows a statement changes at production size, as the engine's optimiser plans it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dbspecialist.engines.mysql.driver import Connection, MySQLError, rows
from dbspecialist.engines.mysql.names import plain, shown
from dbspecialist.engines.mysql.storage import Storage
from dbspecialist.engines.mysql.tokens import meaningful, words
from dbspecialist.facts.trial import Run

#: Access types that read a table from beginning to end (MySQL manual, "EXPLAIN Output Format").
_WHOLE = frozenset({"ALL", "index"})
#: Columns of EXPLAIN in MariaDB; MySQL has `partitions` before the access type, and `filtered`.
_COLUMNS = 10


def rows_planned(
    session: Connection, sql: str, database: str, storage: Storage, run: Run
) -> Mapping[str, float]:
    """Return the rows that an UPDATE or DELETE changes in tables that it reads to the end.

    The twin's tables are empty, so an index tells the optimiser nothing of how many rows fit; a
    statement that uses one has no entry.
    """
    if not words(sql, 1) or words(sql, 1)[0] not in {"update", "delete"}:
        return {}
    try:
        plan = rows(session, f"EXPLAIN {sql}")
    except MySQLError:  # it is refused, which running it tells
        return {}
    named = [name for name in _named(sql, database) if name in storage.tables]
    found = {}
    for row in plan:
        kind = str(row[3]) if len(row) == _COLUMNS else str(row[4])
        whole = kind in _WHOLE or "Deleting all rows" in str(row[-1])
        relation = shown(database, str(row[2]))
        if relation not in storage.tables and len(named) == 1:
            relation = named[0]  # an alias
        if whole and relation in named and run.knows(relation):
            found[relation] = min(run.rows(relation), _limit(sql))
    return found


def _named(sql: str, database: str) -> list[str]:
    """Return what may be tables of a statement: the words and quoted names in it."""
    tokens = [item for item in meaningful(sql) if item.kind in {"word", "name"}]
    return list(dict.fromkeys(shown(database, plain(item.text)) for item in tokens))


def _limit(sql: str) -> float:
    """Return the number behind a LIMIT that ends a statement, or infinity."""
    last = [item.text.lower() for item in meaningful(sql)[-2:]]
    return float(last[1]) if last[:1] == ["limit"] and last[1].isdigit() else math.inf
