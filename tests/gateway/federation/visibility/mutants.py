"""Faults that are planted in the rule of visibility. Each must be found by the properties."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.query import TaskQuery
from gateway.federation.authorization import OwnWork
from gateway.federation.cache import SERVICE, fingerprint
from gateway.federation.lists.planner import Planner, SourcePlan
from gateway.federation.lists.query_logic import conjunction, is_contradictory
from gateway.federation.lists.source_report import Contribution
from gateway.federation.lists.vendor_query import VendorQuery
from gateway.federation.objects import TaskReader
from gateway.federation.overlay import Overlay
from gateway.federation.sources import Source
from gateway.federation.writes import WritePipeline

Plant = Callable[[pytest.MonkeyPatch], None]


def scope_out_of_the_key(patch: pytest.MonkeyPatch) -> None:
    """Answers that were read with one person's credentials are given to others."""
    patch.setattr("gateway.federation.sources.source.scope_of", lambda *_: SERVICE)


def rule_out_of_the_check(patch: pytest.MonkeyPatch) -> None:
    """Rows are shown because they match the filter."""
    plan = Planner.plan

    def planned(self: Planner, source: Source) -> SourcePlan:
        return structs.replace(plan(self, source), admits=lambda _: True)

    patch.setattr(Planner, "plan", planned)


def rule_out_of_reads_by_id(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("gateway.federation.authorization.visibility.can_see", lambda *_: True)


def person_out_of_own_work(patch: pytest.MonkeyPatch) -> None:
    """What one person ended is shown to all."""
    patch.setattr(OwnWork, "_viewed", lambda self, *_: self._newest)


def scope_out_of_the_overlay(patch: pytest.MonkeyPatch) -> None:
    """The vendor's answer to the author of a write is shown to others who may see the task."""

    def without_scope(**parts: Any) -> Overlay:
        return Overlay(**{**parts, "scope_of": lambda _: None})

    patch.setattr("gateway.composition.Overlay", without_scope)


def author_out_of_operations(patch: pytest.MonkeyPatch) -> None:
    async def operation(self: WritePipeline, _caller: Caller, operation_id: str) -> object:
        return await self._journal.find(operation_id)

    patch.setattr(WritePipeline, "operation", operation)


def person_out_of_cursors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("gateway.federation.lists.task_list.fingerprint", lambda _, *parts: fingerprint(*parts))


def rule_out_of_the_question(patch: pytest.MonkeyPatch) -> None:
    """Vendors are asked for the filter; rows are checked only after reading."""

    def queries(asked: TaskQuery, scope: Sequence[TaskQuery], *_: object) -> list[VendorQuery]:
        return [VendorQuery(asked, is_exact=True, disjuncts=tuple(scope))]

    patch.setattr("gateway.federation.lists.planner.vendor_queries", queries)


def filter_in_place_of_the_rule(patch: pytest.MonkeyPatch) -> None:
    """Of two sets of a many-valued member that cannot be combined, the shorter one is sent."""

    def queries(asked: TaskQuery, scope: Sequence[TaskQuery], *_: object) -> list[VendorQuery]:
        both = [VendorQuery(*conjunction(asked, disjunct), disjuncts=(disjunct,)) for disjunct in scope]
        return [each for each in both if not is_contradictory(each.query)]

    patch.setattr("gateway.federation.lists.planner.vendor_queries", queries)


def all_calls_are_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Contribution, "is_vain", property(lambda _: lambda: False, lambda *_: None), raising=False)


def calls_for_hidden_ids_are_told(patch: pytest.MonkeyPatch) -> None:
    tasks = TaskReader.tasks

    async def as_admin(self: TaskReader, caller: Caller, refs: Any, *, fresh: bool = False) -> Any:
        wanted = [ref for ref in dict.fromkeys(refs) if ref.source in self._sources]
        return self._visible(caller, wanted, await self._records(wanted, fresh=fresh))

    assert tasks is not as_admin
    patch.setattr(TaskReader, "tasks", as_admin)


def writes_tell_calls_for_hidden_targets(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("gateway.federation.writes.pipeline.NotFoundError", type("Other", (Exception,), {}))


BY_MARKS: Mapping[str, Plant] = {
    plant.__name__: plant
    for plant in (
        scope_out_of_the_key,
        rule_out_of_the_check,
        rule_out_of_reads_by_id,
        person_out_of_own_work,
        scope_out_of_the_overlay,
        author_out_of_operations,
        person_out_of_cursors,
    )
}
BY_SMALL_PAGES: Mapping[str, Plant] = {
    plant.__name__: plant for plant in (rule_out_of_the_question, filter_in_place_of_the_rule)
}
BY_TWINS: Mapping[str, Plant] = {
    plant.__name__: plant
    for plant in (
        all_calls_are_told,
        calls_for_hidden_ids_are_told,
        writes_tell_calls_for_hidden_targets,
    )
}
