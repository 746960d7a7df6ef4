"""List the rules, or print the page of one."""

from __future__ import annotations

import click

from dbspecialist.cli._options import debug_option


@click.command()
@click.argument("rule", required=False, metavar="[RULE]")
@debug_option
def command(rule: str | None) -> int:
    """List the rules with their severity and title, or print the page of one RULE."""
    from dbspecialist.cli._output import write_standard_output
    from dbspecialist.facts.errors import InputError
    from dbspecialist.rules.base import all_rules

    rules = {item.id: item for item in all_rules()}
    if rule is None:
        width = max(map(len, rules), default=0)
        rows = [f"{item.id:<{width}}  {item.severity:<7}  {item.title}" for item in rules.values()]
        write_standard_output("\n".join(sorted(rows)))
        return 0
    if rule not in rules:
        raise InputError("there is no such rule", rule, "see dbs rules")
    item = rules[rule]
    write_standard_output(f"{item.id} ({item.severity}): {item.title}\n\n{item.doc}")
    return 0
