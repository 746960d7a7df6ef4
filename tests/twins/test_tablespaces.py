from __future__ import annotations

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.twins.cluster import Cluster
from dbspecialist.twins.tablespaces import make_tablespaces


def test_tablespaces_are_made_once(cluster: Cluster) -> None:
    catalogue = Catalogue(
        (
            SchemaObject("table", "public.t", attributes={"tablespace": "Cold disks"}),
            SchemaObject("index", "public.i", attributes={"tablespace": "Cold disks"}),
            SchemaObject("table", "public.u"),
        )
    )
    with cluster.connect() as admin:
        make_tablespaces(admin, catalogue, "postgres")
        make_tablespaces(admin, catalogue, "postgres")
        rows = admin.execute(
            "SELECT spcname FROM pg_tablespace WHERE spcname LIKE 'Cold%'"
        ).fetchall()
        admin.execute('DROP TABLESPACE "Cold disks"')
    assert rows == [("Cold disks",)]
