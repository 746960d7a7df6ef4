"""Rule pages: the documentation of a rule, made from its module."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping

from dbspecialist.rules.base import Rule

HEADINGS = (
    "What it does",
    "Why it matters",
    "Example",
    "Use instead",
    "What proves it",
    "Source",
)

_CODE = re.compile(r"(?:^    .*\n(?:\n(?=    ))?)+", re.MULTILINE)


def rule_page(rule: Rule) -> str:
    """Return a rule's page as Markdown."""
    first, _, rest = rule.doc.strip().partition("\n")
    facts = f"`{rule.id}` · {_family(rule)} · at worst {rule.severity} · {_fix(rule)}"
    body = _CODE.sub(_fenced, rest.strip() + "\n")
    return f"# {rule.title}\n\n{facts}\n\n{first}\n\n{body}"


def rule_index(rules: Iterable[Rule]) -> str:
    """Return the table of all rules as Markdown, a section each family."""
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.family, []).append(rule)
    parts = ["# Rules\n", _HOW]
    for family, members in sorted(families.items()):
        parts.append(
            f"\n## {_TITLES.get(family, family.capitalize())}\n\n"
            "| rule | says | at worst | fix |\n|---|---|---|---|"
        )
        parts += [
            f"| [{rule.id}]({rule.id}.md) | {rule.title} | {rule.severity} "
            f"| {'yes' if rule.fix else ''} |"
            for rule in members
        ]
    return "\n".join(parts) + "\n"


_HOW = """Each page is made from the rule's module, and each claim on it is executed: beside a rule
lies a YAML of cases, run on a twin in the tests: cases that fire and cases that stay silent."""


def pages(rules: Iterable[Rule]) -> Mapping[str, str]:
    """Return all files of the folder docs/rules by name."""
    known = list(rules)
    return {"README.md": rule_index(known), **{f"{rule.id}.md": rule_page(rule) for rule in known}}


def _family(rule: Rule) -> str:
    """Name the family, and the engines where PostgreSQL is not the only one."""
    if rule.engines == ("postgresql",):
        return rule.family
    named = ", ".join(_ENGINES.get(name, name) for name in rule.engines)
    return named if "postgresql" not in rule.engines else f"{rule.family} · {named}"


_TITLES = {"mysql": "MySQL and MariaDB", "sqlite": "SQLite"}
_ENGINES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}


def _fix(rule: Rule) -> str:
    return "has a fix that is run before it is shown" if rule.fix else "no automatic fix"


def _fenced(found: re.Match[str]) -> str:
    code = textwrap.dedent(found.group(0)).strip("\n")
    language = "python" if re.search(r"^(def |op\.|down_revision|class )", code, re.M) else "sql"
    return f"```{language}\n{code}\n```\n"
