"""What rule expect-no-triggers-from-cascades rests on."""

from __future__ import annotations

import contextlib

import pytest

from dbspecialist.engines.mysql.driver import execute, rows
from dbspecialist.twins.mysql.server import Server

SCRIPT = """
CREATE TABLE users (id INT PRIMARY KEY)
CREATE TABLE gone (id INT)
CREATE TABLE orders (id INT PRIMARY KEY, user_id INT,
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)
CREATE TRIGGER audit AFTER DELETE ON orders FOR EACH ROW INSERT INTO gone VALUES (OLD.id)
INSERT INTO users VALUES (1), (2)
INSERT INTO orders VALUES (10, 1), (20, 2)
DELETE FROM users WHERE id = 1
DELETE FROM orders WHERE id = 20
""".replace("\n  ", " ")


@pytest.mark.needs_mariadb
def test_trigger_does_not_start_for_rows_that_a_cascade_deletes(mariadb: Server) -> None:
    with contextlib.closing(mariadb.connect()) as session:
        execute(session, "CREATE OR REPLACE DATABASE cascades")
        session.select_db("cascades")
        for statement in SCRIPT.strip().splitlines():
            execute(session, statement)
        assert rows(session, "SELECT id FROM orders") == []
        assert rows(session, "SELECT id FROM gone") == [(20,)]
        execute(session, "DROP DATABASE cascades")
