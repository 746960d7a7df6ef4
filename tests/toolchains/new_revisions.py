"""New revisions, read back and run up and down by the project's own runner."""

from collections.abc import Sequence
from pathlib import Path

from recording import Database, recording

from dbspecialist.engines.postgresql.catalogue import read_catalogue
from dbspecialist.facts.catalogue import Catalogue
from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.migration import VERSION_TABLES, Migration
from dbspecialist.toolchains import find_projects
from dbspecialist.twins.cluster import Cluster

COLUMN = Phase(
    "add the column",
    ("ALTER TABLE public.t ADD COLUMN b integer", "COMMENT ON COLUMN public.t.b IS 'a: %b'"),
    ("ALTER TABLE public.t DROP COLUMN b",),
)
INDEX = Phase(
    "index it",
    ("CREATE INDEX CONCURRENTLY t_b ON public.t (b)",),
    ("DROP INDEX CONCURRENTLY public.t_b",),
    transactional=False,
)
BODY = (
    "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$\n"
    "BEGIN\n"
    "    NEW.b := length('it''s ; \\ \"quoted\" -- no comment');\n"
    "    RETURN NEW;\n"
    "END\n$$"
)
TRIGGER = Phase(
    "fill it",
    (BODY, "CREATE TRIGGER f BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()"),
    ("DROP TRIGGER f ON public.t", "DROP FUNCTION public.f()"),
    when="no row has b < 0",
)
PHASES = (COLUMN, INDEX, TRIGGER)


def written(root: Path, edits: Sequence[FileEdit]) -> dict[str, str]:
    """Write edits below a folder and return their texts by path."""
    for edit in edits:
        path = root / edit.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(edit.text.encode())
    return {edit.path: edit.text for edit in edits}


def catalogue(database: Database) -> Catalogue:
    """Read a database's catalogue without the tables of toolchains."""
    found = read_catalogue(database)
    return Catalogue(
        tuple(
            item
            for item in found.objects
            if not any(
                f"public.{table}" in text or f'public."{table}"' in text
                for table in VERSION_TABLES
                for text in (item.name, item.attributes.get("definition", ""))
            )
        )
    )


def run_there_and_back(
    root: Path, known: Sequence[str], cluster: Cluster, database: Database
) -> tuple[Migration, ...]:
    """Run the known revisions, then the new ones up, down and up; return the new ones."""
    project = find_projects(root)[0]
    history = project.history()
    assert [item.revision for item in history[: len(known)]] == list(known)
    new = history[len(known) :]
    with project.runner(recording(cluster, database).target) as runner:
        runner.upgrade(history[: len(known)])
        before = catalogue(database)
        runner.upgrade(new)
        after = catalogue(database)
        assert after != before
        for migration in reversed(new):
            runner.downgrade(migration)
        assert catalogue(database) == before
        runner.upgrade(new)
        assert catalogue(database) == after
    return new


def expected(database: Database, statements: Sequence[str]) -> Catalogue:
    """The catalogue that statements lead to, each sent by itself."""
    for sql in statements:
        database.execute(sql.encode())
    return catalogue(database)
