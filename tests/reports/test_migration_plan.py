import json

from dbspecialist.facts.change import FileEdit, Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.migration_plan import MigrationPlan, Withheld
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import MigrationReport, TwinFacts
from dbspecialist.reports._migration_plan import render

ADD = "ALTER TABLE public.users ADD COLUMN name text"
DROP = "ALTER TABLE public.users DROP COLUMN name"
STATEMENT = StatementEffects(
    ADD,
    locks=(Lock("public.users", "AccessExclusiveLock"),),
    blocked_ms={"public.users": 12.0},
)
PLAN = MigrationPlan(
    requests=("add-column users name text",),
    toolchain="sql",
    twin=TwinFacts("postgresql", "18.6", "prod.snapshot", "15.4", 100.0),
    phases=(Phase("Add column name", (ADD,), (DROP,), checks=("SELECT true",), stage="expand"),),
    withheld=(
        Withheld(
            Phase("Drop it", (DROP,), (ADD,), when="no code uses it", stage="contract"),
            "SELECT name FROM users",
            "42703: gone",
        ),
    ),
    edits=(FileEdit("migrations/2.sql", f"{ADD};\n"),),
    migrations=(
        MigrationReport(
            Migration("2", "migrations/2.sql", "sql"), (STATEMENT,), Proof("back", "tested", "x", 3)
        ),
    ),
    places=(0,),
    findings=(Finding("some-rule", "info", "told elsewhere", Location("migrations/2.sql", 1)),),
    proofs=(Proof("it works", "tested", "tried", 3),),
    losses=("column name goes with 3 values",),
    notes=("a note",),
)


def test_text_shows_phases_waits_and_files() -> None:
    assert render(PLAN, "text").splitlines() == [
        "add-column users name text",
        "",
        "1. Add column name  (expand, one transaction)",
        "   true before it: SELECT true",
        f"   {ADD};",
        "   reads and writes of public.users wait about 12 ms (AccessExclusiveLock)",
        "   way back",
        f"     {DROP};",
        "",
        "not written: Drop it  (contract, one transaction)",
        "   when no code uses it",
        f"   {DROP};",
        "   way back",
        f"     {ADD};",
        "   still used: SELECT name FROM users (42703: gone)",
        "",
        "loses: column name goes with 3 values",
        "tested on 3 tries: it works (tried)",
        "note: a note",
        "",
        "--- /dev/null",
        "+++ b/migrations/2.sql",
        "@@ -0,0 +1 @@",
        f"+{ADD};",
        "dry run; --write writes 1 file",
    ]


def test_json_holds_the_whole_plan() -> None:
    found = json.loads(render(PLAN, "json"))
    assert list(found) == [
        *("schema_version", "requests", "toolchain", "production", "phases", "withheld", "files"),
        *("proofs", "findings", "accepted", "losses", "notes", "written"),
    ]
    assert found["phases"][0]["checks"] == ["SELECT true"]
    assert found["withheld"][0]["statement"] == "SELECT name FROM users"
    assert found["files"] == [{"path": "migrations/2.sql", "text": f"{ADD};\n"}]


def test_markdown_is_one_page_of_what_to_do_and_when() -> None:
    text = render(PLAN, "markdown")
    assert text.startswith("# Add column name\n\n- `add-column users name text`\n")
    assert "## 1. Add column name\n\nExpand, one transaction." in text
    assert f"True before it:\n\n```sql\nSELECT true;\n```\n\n\nUp:\n\n```sql\n{ADD};\n```" in text
    assert "## Later: Drop it" in text
    assert "Not written: `SELECT name FROM users` still needs it (42703: gone)." in text


def test_control_characters_of_a_request_do_not_reach_the_terminal() -> None:
    from dataclasses import replace

    shown = render(replace(PLAN, requests=("add-column \x1b[31m",)), "text")
    assert "\x1b" not in shown
