"""What a rule is, and how rules are found.

A rule is one module in a family's folder. Its file name is its id (`build_index_concurrently.py`
is `build-index-concurrently`), its docstring is its page, and it has

- `TITLE`: one line, what it says;
- `SEVERITY`: the worst that it reports;
- `ENGINES`: the engines it knows, `("postgresql",)`;
- `check(trial, run)`: yields a `Finding` for each place, or `check_run(run)` where it judges all
  migrations of a run together; the findings get the rule's id here;
- `fix(trial, statement, run)`, where it has one: the phases to write instead of the statement.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import ParamSpec

from dbspecialist.facts.change import Phase
from dbspecialist.facts.effects import StatementEffects
from dbspecialist.facts.finding import Finding, Severity
from dbspecialist.facts.trial import Run, Trial

P = ParamSpec("P")

Check = Callable[[Trial, Run], Iterable[Finding]]
CheckRun = Callable[[Run], Iterable[Finding]]
Fix = Callable[[Trial, StatementEffects, Run], tuple[Phase, ...] | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as its module states it."""

    id: str
    family: str
    title: str
    severity: Severity
    engines: tuple[str, ...]
    doc: str
    check: Check
    check_run: CheckRun
    fix: Fix | None


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, sorted by id."""
    return tuple(sorted((_rule(module) for module in _modules()), key=lambda rule: rule.id))


@cache
def rules_by_id() -> dict[str, Rule]:
    """Return every rule by its id."""
    return {rule.id: rule for rule in all_rules()}


def rule_ids() -> tuple[str, ...]:
    """Return the ids of all rules without importing them."""
    return tuple(sorted(_id(name) for _, name in _names()))


def _names() -> Iterator[tuple[str, str]]:
    package = importlib.import_module("dbspecialist.rules")
    for family in pkgutil.iter_modules(package.__path__):
        if family.ispkg:
            folder = importlib.import_module(f"dbspecialist.rules.{family.name}")
            for module in pkgutil.iter_modules(folder.__path__):
                if not module.name.startswith("_"):
                    yield family.name, module.name


def _modules() -> Iterator[ModuleType]:
    for family, name in _names():
        yield importlib.import_module(f"dbspecialist.rules.{family}.{name}")


def _id(name: str) -> str:
    return name.replace("_", "-")


def _rule(module: ModuleType) -> Rule:
    family, name = module.__name__.split(".")[-2:]
    rule = _id(name)
    return Rule(
        id=rule,
        family=family,
        title=module.TITLE,
        severity=module.SEVERITY,
        engines=module.ENGINES,
        doc=module.__doc__ or "",
        check=_named(rule, getattr(module, "check", _nothing_in_trial)),
        check_run=_named(rule, getattr(module, "check_run", _nothing_in_run)),
        fix=getattr(module, "fix", None),
    )


def _named(rule: str, check: Callable[P, Iterable[Finding]]) -> Callable[P, Iterable[Finding]]:
    """Return a check whose findings bear the rule's id."""

    def named(*args: P.args, **kwargs: P.kwargs) -> Iterator[Finding]:
        for finding in check(*args, **kwargs):
            yield replace(finding, rule=rule)

    return named


def _nothing_in_trial(_trial: Trial, _run: Run) -> Iterable[Finding]:
    return ()


def _nothing_in_run(_run: Run) -> Iterable[Finding]:
    return ()
