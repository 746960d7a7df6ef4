"""Migrations, models and database compared three ways, object by object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dbspecialist.facts.catalogue import Catalogue, SchemaObject
from dbspecialist.facts.drift import DriftItem
from dbspecialist.proofs.history import MODELLED, essential

_Key = tuple[str, str]


@dataclass(frozen=True)
class Compared:
    """The catalogues to compare.

    Args:
        migrations: What all migrations make.
        applied: What those make that the database has.
        database: The database, or nothing.
        models: What the models state, or nothing.
    """

    migrations: Catalogue
    applied: Catalogue
    database: Catalogue | None = None
    models: Catalogue | None = None

    def items(self) -> tuple[DriftItem, ...]:
        """List what is not alike; what pending migrations bring is not told of the database."""
        sides = {"migrations": _reduced(self.migrations)}
        if self.models is not None:
            sides["models"] = _reduced(self.models)
        if self.database is not None:
            sides["database"] = _brought_forward(
                _reduced(self.database), _reduced(self.applied), sides["migrations"]
            )
        found = {item.name: item for item in _items(sides)}
        return tuple(item for item in _items(sides) if not _is_told(item, sides, found))


def _reduced(catalogue: Catalogue) -> Mapping[_Key, SchemaObject]:
    return essential(catalogue).by_key


def _brought_forward(
    database: Mapping[_Key, SchemaObject],
    applied: Mapping[_Key, SchemaObject],
    migrations: Mapping[_Key, SchemaObject],
) -> Mapping[_Key, SchemaObject]:
    """Return the database as pending migrations leave it, where it is as the applied ones did."""
    found: dict[_Key, SchemaObject] = {}
    for key in {**database, **migrations}:
        own, was = database.get(key), applied.get(key)
        as_applied = _attributes(own) == _attributes(was)
        now = migrations.get(key) if as_applied else own
        if now is not None:
            found[key] = now
    return found


def _items(sides: Mapping[str, Mapping[_Key, SchemaObject]]) -> Iterator[DriftItem]:
    keys = dict.fromkeys(key for side in sides.values() for key in side)
    for key in sorted(keys, key=lambda key: (key[1], key[0])):
        states = {
            side: found.get(key)
            for side, found in sides.items()
            if side != "models" or _is_modelled(key, sides)
        }
        attributes = {side: _attributes(item) for side, item in states.items()}
        if any(one != other for one in attributes.values() for other in attributes.values()):
            yield DriftItem(*key, _different(attributes))


def _attributes(item: SchemaObject | None) -> Mapping[str, str] | None:
    return None if item is None else item.attributes


def _different(
    states: Mapping[str, Mapping[str, str] | None],
) -> Mapping[str, Mapping[str, str] | None]:
    """Reduce attributes to those that are not the same on all sides that have the object."""
    there = [state for state in states.values() if state is not None]
    names = {name for state in there for name in state}
    unlike = sorted(name for name in names if len({state.get(name) for state in there}) > 1)
    return {
        side: None if state is None else {name: state.get(name, "") for name in unlike}
        for side, state in states.items()
    }


def _is_modelled(key: _Key, sides: Mapping[str, Mapping[_Key, SchemaObject]]) -> bool:
    """Whether models can state an object; partitions live in migrations alone."""
    if key in sides["models"]:
        return True
    found = next(side[key] for side in sides.values() if key in side)
    table = next(
        (side[name] for side in sides.values() for name in _tables(found) if name in side), None
    )
    partition = table is not None and (
        table.kind == "partitioned table" or "partition_of" in table.attributes
    )
    return found.kind in MODELLED and not partition


def _tables(item: SchemaObject) -> tuple[_Key, ...]:
    name = item.parent or item.name
    return ("table", name), ("partitioned table", name)


def _is_told(
    item: DriftItem,
    sides: Mapping[str, Mapping[_Key, SchemaObject]],
    found: Mapping[str, DriftItem],
) -> bool:
    """Whether an object is told with its table, which the same sides lack."""
    own = next(
        side[item.kind, item.name] for side in sides.values() if (item.kind, item.name) in side
    )
    owner = own.parent or own.attributes.get("owned_by", "").rpartition(".")[0]
    table = found.get(owner)
    return (
        table is not None
        and table is not item
        and set(item.lacks) <= set(table.lacks)
        and bool(item.lacks)
    )
