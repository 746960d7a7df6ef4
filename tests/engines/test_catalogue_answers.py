from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from dbspecialist.engines.postgresql.catalogue.answers import _answers
from dbspecialist.twins.cluster import Cluster


def test_a_session_that_is_ended_while_it_reads_is_told_in_plain_words(
    cluster: Cluster, database: psycopg.Connection[tuple[Any, ...]]
) -> None:
    backend = database.info.backend_pid

    def end() -> None:
        with cluster.connect() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(%s), pg_sleep(0.1) FROM pg_stat_activity"
                " WHERE pid = %s",
                [backend, backend],
            )

    timer = threading.Timer(0.5, end)
    timer.start()
    with pytest.raises(psycopg.OperationalError) as told:
        _answers(database, [("SELECT pg_sleep(20)", ()), ("SELECT 1", ())])
    timer.join()
    assert str(told.value) == "the server ended the session that reads the catalogue"
