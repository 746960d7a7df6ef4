"""Several requests, brought into an order in which each can be carried out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dbspecialist.advisors.sequences import steps_of
from dbspecialist.advisors.sequences.ground import Ground
from dbspecialist.advisors.sequences.model_changes import model_edits
from dbspecialist.advisors.sequences.steps import Steps
from dbspecialist.facts.catalogue import Catalogue, Difference, differences
from dbspecialist.facts.change import Phase
from dbspecialist.facts.errors import InputError
from dbspecialist.facts.model_edit import ModelEdit
from dbspecialist.facts.request import Request


@dataclass(frozen=True)
class Planned:
    """What requests come to.

    Args:
        requests: In the order in which they are carried out.
        steps: Of each.
        models: The edits of models for each.
        wanted: The catalogue that the phases must end in.
    """

    requests: tuple[Request, ...]
    steps: tuple[Steps, ...]
    models: tuple[tuple[ModelEdit, ...], ...]
    wanted: Catalogue

    @property
    def phases(self) -> tuple[Phase, ...]:
        """All phases: what takes away comes last."""
        every = [phase for item in self.steps for phase in item.phases]
        return tuple(sorted(every, key=lambda item: item.stage == "contract"))


@dataclass(frozen=True)
class _Done:
    request: Request
    steps: Steps
    changed: tuple[Difference, ...]
    models: tuple[ModelEdit, ...]


def planned(requests: Sequence[Request], ground: Ground) -> Planned:
    """Plan requests on one schema, each on what those before it lead to.

    A request that does not fit the schema waits for the others: they may make what it needs.

    Args:
        requests: As they were given.
        ground: Its engine is brought to what is wanted.

    Raises:
        InputError: Where a request does not fit, or two contradict each other.
    """
    waiting, done = list(requests), list[_Done]()
    while waiting:
        refused: InputError | None = None
        for request in waiting:
            try:
                ground, item = _carried_out(request, ground)
            except InputError as error:
                refused = refused or _named(request, error, len(requests))
                continue
            _refuse_contradiction(item, done)
            done.append(item)
            waiting.remove(request)
            break
        else:
            assert refused is not None
            raise refused
    return Planned(
        tuple(item.request for item in done),
        tuple(item.steps for item in done),
        tuple(item.models for item in done),
        ground.catalogue,
    )


def _carried_out(request: Request, ground: Ground) -> tuple[Ground, _Done]:
    steps = steps_of(request, ground)
    error = ground.engine.run(steps.wanted)
    if error is not None:
        raise InputError(
            f"the engine refuses it: {error.message}", "; ".join(steps.wanted), "mend the request"
        )
    after = ground.engine.catalogue()
    changed = differences(ground.catalogue, after)
    made = {
        item.object.name
        for item in changed
        if item.before is None and item.object.kind in ("table", "partitioned table")
    }
    kept = ground.created | made - set(_renamed(changed))
    models = steps.models or model_edits(changed, after, steps.lasting)
    return replace(ground, catalogue=after, created=kept), _Done(request, steps, changed, models)


def _renamed(changed: Iterable[Difference]) -> Iterable[str]:
    """Yield the tables that took the place of another: they have its rows."""
    tables = [item for item in changed if item.object.kind in ("table", "partitioned table")]
    if any(item.after is None for item in tables):
        yield from (item.object.name for item in tables if item.before is None)


def _named(request: Request, error: InputError, requests: int) -> InputError:
    """Name the request where there are several."""
    if requests == 1:
        return error
    where = f"{request} ({error.where})" if error.where else str(request)
    return InputError(error.what, where, error.todo)


def _refuse_contradiction(item: _Done, done: Iterable[_Done]) -> None:
    """Refuse to take away or change again what an earlier request made or changed.

    Raises:
        InputError: With both requests.
    """
    for earlier in done:
        changed = {found.object.key: found for found in earlier.changed}
        for found in item.changed:
            before = changed.get(found.object.key)
            if before is None or not _contradict(before, found):
                continue
            name = f"{found.object.kind} {found.object.name}"
            raise InputError(
                f"'{earlier.request}' and '{item.request}' contradict each other on {name}",
                "",
                "leave one out",
            )


def _contradict(earlier: Difference, later: Difference) -> bool:
    if later.after is None or earlier.after is None:
        return True
    if earlier.before is None or later.before is None:
        return False
    return bool(set(earlier.changed) & set(later.changed) - {"position"})
