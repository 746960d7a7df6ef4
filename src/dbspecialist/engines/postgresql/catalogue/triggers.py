"""Triggers, event triggers and row security policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbspecialist.engines.postgresql.catalogue.reader import (
    HIDDEN,
    PG_CONSTRAINT,
    PG_EVENT_TRIGGER,
    PG_POLICY,
    PG_TRIGGER,
    Entry,
    Phase,
    Reader,
    known,
    literal,
    statements,
)
from dbspecialist.engines.postgresql.catalogue.views import ENABLED, ENABLING
from dbspecialist.facts.catalogue import SchemaObject

COMMANDS = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}


def trigger_entries(reader: Reader) -> Iterator[Entry]:
    """Yield triggers, without those behind constraints.

    Clones on partitions come with the parent's; those that are enabled otherwise are told.
    """
    for row in reader.rows(
        """
        select t.oid, t.tgrelid as relation, quote_ident(t.tgname) as name,
               pg_get_triggerdef(t.oid) as definition, t.tgenabled as enabled,
               t.tgfoid::regprocedure::text as function, t.tgconstraint as constraint,
               p.tgenabled as enabled_above
        from pg_trigger t join pg_class c on c.oid = t.tgrelid
          left join pg_trigger p on p.oid = t.tgparentid
        where c.relnamespace = any({schemas})
          and (t.tgparentid <> 0 and t.tgenabled <> p.tgenabled
               or t.tgparentid = 0 and not t.tgisinternal)""",
        same="none",
    ):
        if row.relation in reader.relations:
            yield trigger(reader.name_of(row.relation), row)


def trigger(relation: str, row: Any) -> Entry:
    """Tell one trigger."""
    is_clone = row.enabled_above is not None
    enabling = ENABLING.get(row.enabled, "ENABLE" if is_clone else "")
    create = statements(
        "" if is_clone else row.definition,
        f"ALTER TABLE {relation} {enabling} TRIGGER {row.name}" if enabling else "",
    )
    attributes = {"definition": row.definition, "function": row.function} | known(
        enabled=ENABLED.get(row.enabled), inherited="true" if is_clone else None
    )
    return Entry(
        (PG_TRIGGER, row.oid, 0),
        Phase.TRIGGER,
        SchemaObject("trigger", f"{relation}.{row.name}", relation, attributes, create),
        target=f"TRIGGER {row.name} ON {relation}",
        aliases=((PG_CONSTRAINT, row.constraint, 0),) if row.constraint else (),
    )


def event_trigger_entries(reader: Reader) -> Iterator[Entry]:
    """Yield event triggers, without those whose functions are not read."""
    for row in reader.rows(f"""
        select e.oid, quote_ident(e.evtname) as name, e.evtevent as event,
               e.evtfoid::regproc::text as function, e.evtenabled as enabled, e.evttags as tags,
               quote_ident(pg_get_userbyid(e.evtowner)) as owner
        from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid
          join pg_namespace n on n.oid = p.pronamespace
        where n.nspname !~ '{HIDDEN}'"""):
        if reader.is_own(PG_EVENT_TRIGGER, row.oid):
            yield event_trigger(row)


def event_trigger(row: Any) -> Entry:
    """Tell one event trigger."""
    tags, enabling = ", ".join(map(literal, row.tags or ())), ENABLING.get(row.enabled)
    when = f" WHEN TAG IN ({tags})" if tags else ""
    create = statements(
        f"CREATE EVENT TRIGGER {row.name} ON {row.event}{when} EXECUTE FUNCTION {row.function}()",
        f"ALTER EVENT TRIGGER {row.name} {enabling}" if enabling else "",
        f"ALTER EVENT TRIGGER {row.name} OWNER TO {row.owner}",
    )
    attributes = {"event": row.event, "function": row.function, "owner": row.owner} | known(
        tags=tags, enabled=ENABLED.get(row.enabled)
    )
    item = SchemaObject("event trigger", row.name, "", attributes, create)
    target = f"EVENT TRIGGER {row.name}"
    return Entry((PG_EVENT_TRIGGER, row.oid, 0), Phase.EVENT_TRIGGER, item, target)


def policy_entries(reader: Reader) -> Iterator[Entry]:
    """Yield row security policies."""
    for row in reader.rows("""
        select p.oid, p.polrelid as relation, quote_ident(p.polname) as name, p.polcmd as command,
               p.polpermissive as permissive, pg_get_expr(p.polqual, p.polrelid) as using,
               pg_get_expr(p.polwithcheck, p.polrelid) as check,
               array(select case when r = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(r)) end
                       from unnest(p.polroles) r order by 1) as roles
        from pg_policy p join pg_class c on c.oid = p.polrelid
        where c.relnamespace = any({schemas})"""):
        if row.relation in reader.relations:
            yield policy(reader.name_of(row.relation), row)


def policy(relation: str, row: Any) -> Entry:
    """Tell one policy."""
    command, roles = COMMANDS[row.command], ", ".join(row.roles)
    kind = "PERMISSIVE" if row.permissive else "RESTRICTIVE"
    create = "".join(
        (
            f"CREATE POLICY {row.name} ON {relation} AS {kind} FOR {command} TO {roles}",
            f" USING ({row.using})" if row.using else "",
            f" WITH CHECK ({row.check})" if row.check else "",
        )
    )
    attributes = {"command": command.lower(), "kind": kind.lower(), "roles": roles} | known(
        using=row.using, check=row.check
    )
    item = SchemaObject("policy", f"{relation}.{row.name}", relation, attributes, create)
    target = f"POLICY {row.name} ON {relation}"
    return Entry((PG_POLICY, row.oid, 0), Phase.POLICY, item, target)
