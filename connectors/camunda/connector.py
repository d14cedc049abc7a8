"""Camunda 8 behind the gateway's seam."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, ClassVar, Self

import msgspec

from connectors.camunda import search
from connectors.camunda.client import CamundaClient
from connectors.camunda.form import external_form, form_of
from connectors.camunda.mapping import (
    data_of,
    flow_of,
    group_of,
    outcomes_of,
    read_row,
    state_rule,
    task_of,
    task_within_flow,
    tasks_of,
    user_of,
    variables_of,
)
from connectors.camunda.problem import parse_error
from connectors.camunda.settings import CamundaSettings
from connectors.camunda.wire import PageInfo, Variable
from connectors.sdk.capability import handles
from connectors.sdk.commands import Assign, CancelFlowOfTask, Claim, Complete, Outcome, Release, TaskCommand, Unassign
from connectors.sdk.connector import Connector, utc_now
from connectors.sdk.credentials import from_settings
from connectors.sdk.errors import (
    ConflictError,
    ConnectorError,
    IdentityNotLinkedError,
    MalformedResponseError,
    ValidationFailedError,
)
from connectors.sdk.fan_out import get_each
from connectors.sdk.model import (
    CountAccuracy,
    DetailAspect,
    Flow,
    Form,
    Group,
    Task,
    TaskDetail,
    TaskKind,
    User,
    UserRef,
)
from connectors.sdk.query import Page, TaskOrderField, TaskQuery
from connectors.sdk.settings import SourceSettings
from connectors.sdk.upstream import Upstream

# Ids that one search names at once.
BATCH = 100
# Variables that one call asks for, and the most calls for one task.
VARIABLES = 1000
VARIABLE_PAGES = 10
# Server 8.8 counts no further and does not say so.
COUNT_CAP = 10_000


class CamundaConnector(Connector[CamundaSettings]):
    """Reads lag writes: for some seconds after a command the search may show the task as it was."""

    vendor: ClassVar[str] = "camunda"
    title: ClassVar[str] = "Camunda 8"
    settings_type: ClassVar[type[SourceSettings]] = CamundaSettings
    sorts: ClassVar[frozenset[TaskOrderField]] = frozenset(search.SORT_MEMBERS)
    empty: ClassVar[frozenset[TaskOrderField]] = search.NEVER_FILLED
    page_limit: ClassVar[int] = 100
    open_to_everyone: ClassVar[bool] = True

    def __init__(
        self, settings: CamundaSettings, upstream: Upstream, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(settings, upstream, clock=clock)
        self.client = CamundaClient(upstream)

    @classmethod
    def open(cls, settings: CamundaSettings, *, transport: Any = None, clock: Callable[[], datetime] = utc_now) -> Self:
        upstream = Upstream(
            settings,
            credentials=from_settings(settings.credentials),
            parse_error=parse_error,
            transport=transport,
        )
        return cls(settings, upstream, clock=clock)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return search.pushdown(query)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        filter = search.filter_of(query)
        if filter is None:
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        limit = min(limit, self.page_limit)
        rows = await self.client.search_user_tasks(
            filter=filter,
            sort=search.sort_of(query.order),
            page={"limit": limit} if after is None else {"limit": limit, "after": after},
        )
        # The last page names an end cursor too.
        cursor = rows.page.end_cursor
        more = len(rows.items) >= limit and cursor != after
        return Page(
            items=tasks_of(rows.items, self.settings, fetched_at=self.clock()),
            next_cursor=(cursor or None) if more else None,
            total=rows.page.total_items,
            total_accuracy=_accuracy(rows.page),
        )

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        async def get(key: str) -> Task:
            answer = await self.client.get_user_task(key)
            return task_of(answer.body, self.settings, fetched_at=self.clock())

        return await get_each((key for key in ids if self.is_native_id(key)), get)

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        return TaskDetail(
            form=await self._form(task) if DetailAspect.FORM in aspects else None,
            outcomes=outcomes_of(self.settings) if DetailAspect.OUTCOMES in aspects else None,
            data=await self._data(task) if DetailAspect.DATA in aspects else None,
        )

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        async def get(key: str) -> Flow:
            return flow_of(await self.client.get_process_instance(key), self.source, fetched_at=self.clock())

        return await get_each((key for key in ids if self.is_native_id(key)), get)

    def within_flow(self, task: Task, flow: Flow) -> Task:
        return task_within_flow(task, flow)

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        found: dict[str, User] = {}
        for names in _batches(ids):
            found.update({row.username: user_of(row) for row in await self.client.search_users(names)})
        return found

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        found: dict[str, Group] = {}
        for group_ids in _batches(ids):
            found.update({row.group_id: group_of(row) for row in await self.client.search_groups(group_ids)})
        return found

    async def ping(self) -> None:
        # `/status` answers without credentials, `/authentication/me` not without a person.
        await self.client.get_topology()

    def is_native_id(self, native_id: str) -> bool:
        return search.is_key(native_id)

    @handles(Claim, guarded=True, note="the engine's CLAIM; a repeat by the same person succeeds")
    async def claim(self, command: Claim) -> Outcome:
        if command.actor is None:
            raise IdentityNotLinkedError("you have no user name in this cluster; ask for it to be configured")
        user = command.actor.native_id
        await self.client.assign_user_task(command.task.native_id, assignee=user, allow_override=False)
        return self._assigned(command, user)

    @handles(Release, note="the engine does not check the owner: the gateway does, before the call")
    async def release(self, command: Release) -> Outcome:
        await self.client.unassign_user_task(command.task.native_id)
        return self._assigned(command, None)

    @handles(Unassign, note="the same call as for Release")
    async def unassign(self, command: Unassign) -> Outcome:
        await self.client.unassign_user_task(command.task.native_id)
        return self._assigned(command, None)

    @handles(Assign, note="to a user; without override refused when somebody else is the assignee")
    async def assign(self, command: Assign) -> Outcome:
        if command.group_id is not None:
            # It takes two writes: candidate groups, then the assignee.
            raise ValidationFailedError("assign to a group is not available here yet", field=("groupId",))
        if not command.user_id:
            raise ValidationFailedError("names no user to assign to", field=("userId",))
        await self.client.assign_user_task(
            command.task.native_id, assignee=command.user_id, allow_override=command.override
        )
        return self._assigned(command, command.user_id)

    @handles(Complete, guarded=True, note="data become process variables, the outcome becomes `action`; no comment")
    async def complete(self, command: Complete) -> Outcome:
        if command.comment:
            raise ValidationFailedError("Camunda 8 keeps no comment on completion", field=("comment",))
        variables = variables_of(command.data or {})
        if command.outcome is not None and self.settings.options.outcome_variable is not None:
            variables[self.settings.options.outcome_variable] = command.outcome
        await self.client.complete_user_task(command.task.native_id, variables=variables, action=command.outcome)
        return self._closed(command, "COMPLETED", outcome=command.outcome)

    @handles(CancelFlowOfTask, guarded=True, note="cancels the process instance; not possible for a called one")
    async def cancel_flow(self, command: CancelFlowOfTask) -> Outcome:
        task = command.task
        if task.flow_id is None:
            raise ConflictError("the task names no process instance")
        await self.client.cancel_process_instance(task.flow_id)
        name = f"{task.flow_name} ({task.flow_id})" if task.flow_name else task.flow_id
        return self._closed(command, "CANCELED", effect=f"ended the process instance {name} with all its open tasks")

    async def _form(self, task: Task) -> Form:
        if task.kind is TaskKind.EXTERNAL and task.payload is not None:
            reference = read_row(task.payload).external_form_reference
            if reference:
                return external_form(reference)
        return form_of(await self.client.get_user_task_form(task.native_id))

    async def _data(self, task: Task) -> dict[str, object]:
        variables: list[Variable] = []
        for page in range(VARIABLE_PAGES):
            answer = await self.client.search_effective_variables(
                task.native_id, offset=page * VARIABLES, limit=VARIABLES
            )
            variables += answer.items
            if len(answer.items) < VARIABLES:
                return data_of(variables)
        raise MalformedResponseError(f"the task has more than {VARIABLES * VARIABLE_PAGES} variables")

    def _assigned(self, command: TaskCommand, user: str | None) -> Outcome:
        rule = state_rule("CREATED", assigned=user is not None)
        task = msgspec.structs.replace(
            command.task,
            state=rule.state,
            rule=rule.rule,
            pending_transition=None,
            native_state="CREATED",
            assignees=() if user is None else (UserRef(native_id=user),),
            fetched_at=self.clock(),
        )
        return Outcome(task=task)

    def _closed(
        self, command: TaskCommand, native: str, *, outcome: str | None = None, effect: str | None = None
    ) -> Outcome:
        rule = state_rule(native, assigned=bool(command.task.assignees))
        now = self.clock()
        task = msgspec.structs.replace(
            command.task,
            state=rule.state,
            rule=rule.rule,
            pending_transition=None,
            native_state=native,
            completed_at=now,
            outcome=outcome,
            fetched_at=now,
        )
        return Outcome(task=task, effect=effect)


def _accuracy(page: PageInfo) -> CountAccuracy:
    if page.total_items is None:
        return CountAccuracy.UNKNOWN
    capped = page.total_items >= COUNT_CAP if page.has_more_total_items is None else page.has_more_total_items
    return CountAccuracy.LOWER_BOUND if capped else CountAccuracy.EXACT


def _batches(ids: Sequence[str]) -> list[list[str]]:
    distinct = list(dict.fromkeys(ids))
    return [distinct[start : start + BATCH] for start in range(0, len(distinct), BATCH)]
