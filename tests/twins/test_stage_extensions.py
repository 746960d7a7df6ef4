import psycopg

from dbspecialist.twins.stage import open_stage


def test_an_empty_stage_has_stand_ins_for_what_migrations_create() -> None:
    with (
        open_stage(None) as stage,
        stage.database() as database,
        stage.observer(database) as observer,
        psycopg.connect(observer.url, autocommit=True) as connection,
    ):
        connection.execute('CREATE EXTENSION "uuid-ossp"')
        row = connection.execute("SELECT pg_typeof(uuid_generate_v4())::text").fetchone()
    assert row == ("uuid",)
