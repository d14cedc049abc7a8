"""The vendor's operations on one store. Each returns the body of its answer."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from sandbox.geotareas import answers
from sandbox.geotareas.definitions import WORKFLOWS
from sandbox.geotareas.directory import User
from sandbox.geotareas.errors import not_found
from sandbox.geotareas.requests import (
    DEFINITION_STATUSES,
    ENTITY_TYPES,
    INSTANCE_STATUSES,
    TASK_STATUSES,
    CompleteBody,
    Query,
    ReassignBody,
    body_of,
)
from sandbox.geotareas.store import Store
from sandbox.stand_in import Clock, EffectLog, ReadSettings


class Operations:
    def __init__(self, store: Store, clock: Clock, effects: EffectLog, settings: ReadSettings) -> None:
        self._store = store
        self._clock = clock
        self._effects = effects
        self._settings = settings

    def list_tasks(self, query: Query) -> bytes:
        limit, offset = _page(query)
        index = self._store.tasks
        key = (
            query.choice("status", TASK_STATUSES),
            query.text("definition_id", longest=30),
            query.text("entity_type"),
        )
        overdue = query.flag("overdue_only")
        numbers = self._store.overdue(key, self._clock().timestamp()) if overdue else index.numbers(*key)
        rows = [answers.task_row(task) for task in index.page(numbers, limit, offset)]
        return answers.success(rows, _page_meta(len(numbers), limit, offset))

    def get_task(self, id: str) -> bytes:
        task = self._store.tasks.get(id)
        if task is None:
            raise not_found("Task")
        return answers.success(answers.task_detail(task))

    def list_instances(self, query: Query) -> bytes:
        limit, offset = _page(query)
        index = self._store.instances
        numbers: Sequence[int] = index.numbers(
            query.choice("status", INSTANCE_STATUSES),
            query.text("definition_id", longest=30),
            query.text("entity_type"),
        )
        entity_id = query.text("entity_id", longest=30)
        start, end = query.moment("startdate"), query.moment("enddate")
        # Instances are numbered in the order of their start, so a bound is found by bisection.
        first = 0 if start is None else bisect_left(numbers, start, key=lambda number: index.at(number).started_at)
        last = (
            len(numbers) if end is None else bisect_right(numbers, end, key=lambda number: index.at(number).started_at)
        )
        numbers = numbers[first:last]
        if entity_id is not None:
            numbers = [number for number in numbers if index.at(number).entity.id == entity_id]
        rows = [answers.instance_row(each) for each in index.page(numbers, limit, offset)]
        return answers.success(rows, _page_meta(len(numbers), limit, offset))

    def list_definitions(self, query: Query) -> bytes:
        limit, offset = _page(query)
        status = query.choice("status", DEFINITION_STATUSES) or "active"
        entity_type = query.choice("entity_type", ENTITY_TYPES)
        search = (query.text("search", longest=120) or "").casefold()
        found = [
            workflow
            for workflow in WORKFLOWS
            if (status == "all" or workflow.active == (status == "active"))
            and entity_type in (None, workflow.entity_type)
            and search in f"{workflow.name}\n{workflow.description or ''}".casefold()
        ]
        now = self._clock().timestamp()
        rows = [answers.definition_row(workflow, now) for workflow in found[offset : offset + limit]]
        return answers.success(rows, _page_meta(len(found), limit, offset))

    def complete(self, id: str, content: bytes, user: User, request_id: str) -> bytes:
        body = body_of(content, CompleteBody)
        now = self._clock()
        instance, following = self._store.complete(id, body, user, now, self._lag_s)
        self._effects.record("complete", id, user.id, request_id)
        return answers.success(
            {
                "task_id": id,
                "status": "COMPLETED",
                "result": body.result_code,
                "completed_at": answers.local_time(now.timestamp()),
                "instance_status": instance.status,
                "next_step": None if following is None else following.template.name,
            }
        )

    def reassign(self, id: str, content: bytes, user: User, request_id: str) -> bytes:
        body = body_of(content, ReassignBody)
        now = self._clock()
        task = self._store.reassign(id, body.assign_to_user_id, body.assign_to_group_id, now, self._lag_s)
        self._effects.record("assign", id, user.id, request_id)
        return answers.success(
            {
                "task_id": id,
                "assigned_to_user": answers.user_ref(task.user),
                "assigned_to_group": answers.group_ref(task.group),
                "reassigned_at": answers.local_time(now.timestamp()),
            }
        )

    @property
    def _lag_s(self) -> float:
        return self._settings.read_lag_ms / 1000


def _page(query: Query) -> tuple[int, int]:
    return query.number("limit", default=25, least=1, most=100), query.number("offset", default=0, least=0)


def _page_meta(total: int, limit: int, offset: int) -> dict[str, int]:
    return {"total": total, "limit": limit, "offset": offset}
