from dataclasses import replace

from sample_report import MIGRATIONS

from dbspecialist.facts.effects import StatementEffects
from dbspecialist.reports._words import engine, severities, transactions

BEGUN = StatementEffects("SELECT 1", transaction=1)
ALONE = StatementEffects("SELECT 1", transaction=2, in_transaction=False)


def wrapped(*statements: StatementEffects) -> str:
    return transactions(replace(MIGRATIONS[0], statements=statements))


def test_transactions() -> None:
    assert wrapped() == "no statements"
    assert wrapped(ALONE) == "no transaction"
    assert wrapped(BEGUN, BEGUN) == "one transaction"
    assert wrapped(BEGUN, replace(BEGUN, transaction=3)) == "2 transactions"


def test_severities() -> None:
    counted = [severities(number, "error") for number in (0, 1, 2)]
    assert counted == ["0 errors", "1 error", "2 errors"]
    assert severities(2, "info") == "2 info"


def test_engine() -> None:
    assert engine("postgresql", "18.6") == "PostgreSQL 18.6"
