from dataclasses import replace

from sample_report import MIGRATIONS

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.migration import Migration
from dbspecialist.reports._words import engine, name, severities, transactions

BEGUN = StatementEffects("SELECT 1", transaction=1)
ALONE = StatementEffects("SELECT 1", transaction=2, in_transaction=False)


def wrapped(*statements: StatementEffects) -> str:
    return transactions(replace(MIGRATIONS[0], statements=statements))


def test_transactions() -> None:
    assert wrapped() == "no statements"
    assert wrapped(ALONE) == "no transaction"
    assert wrapped(BEGUN, BEGUN) == "one transaction"
    assert wrapped(BEGUN, replace(BEGUN, transaction=3)) == "2 transactions"
    assert wrapped(ALONE, BEGUN, ALONE) == "one transaction, 2 statements outside"


def test_severities() -> None:
    counted = [severities(number, "error") for number in (0, 1, 2)]
    assert counted == ["0 errors", "1 error", "2 errors"]
    assert severities(2, "info") == "2 info"


def test_engine() -> None:
    assert engine("postgresql", "18.6") == "PostgreSQL 18.6"


def test_name_says_a_title_once() -> None:
    def named(revision: str, title: str) -> str:
        return name(Migration(revision, "a.sql", "sql", title=title))

    assert named("3f2a", "add status") == "3f2a add status"
    assert named("0001_add_status", "add status") == "0001_add_status"
    assert named("20260101_Init", "init") == "20260101_Init"
    assert named("V7", "") == "V7"
    assert named("V7", "Add a status.") == "V7 Add a status"
