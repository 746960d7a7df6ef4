from __future__ import annotations

import contextlib

import pytest

from dbspecialist.engines.mysql.driver import execute
from dbspecialist.engines.mysql.storage import read_storage
from dbspecialist.twins.mysql.server import Server


@pytest.mark.needs_mariadb
def test_tables_whose_names_need_quotes_are_read(mariadb: Server) -> None:
    with contextlib.closing(mariadb.connect()) as admin:
        execute(admin, "CREATE DATABASE `my-shop é`")
        admin.select_db("my-shop é")
        execute(admin, "CREATE TABLE `my orders` (id INT, KEY `by id` (id)) PARTITION BY HASH (id)")
        execute(admin, "CREATE TABLE `日本#1` (a TEXT, FULLTEXT KEY (a))")
        found = read_storage(admin, "my-shop é", "mariadb")
        execute(admin, "DROP DATABASE `my-shop é`")
    assert sorted(found.tables) == ["`my-shop é`.`my orders`", "`my-shop é`.`日本#1`"]
    names = {key.partition("#")[0] for key in found.indexes if "my orders" in key}
    assert names == {"`my-shop é`.`my orders`.`by id`", "`my-shop é`.`my orders`.GEN_CLUST_INDEX"}
