"""A vendor in memory: its records with their past, its effects, and what becomes of a request on its way."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct, structs

from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.model import Activity, ActivityType, Comment, Flow, FlowState, Task, TaskState, UserRef
from tests.gateway.federation.memory_source import NOW
from tests.gateway.federation.writes.model.kinds import Kind

R = TypeVar("R", Task, Flow)
T = TypeVar("T")
Change = Callable[[], Task | Flow]

# Seconds until the client of the vendor gives up.
TIMEOUT = 1.5


class Fault(StrEnum):
    """What happens to one write request. `_AFTER`: it is applied; `LATE`: it is applied after the client gave up."""

    NONE = "none"
    LOST_BEFORE = "lost before"
    LOST_AFTER = "lost after"
    LATE = "late"
    RESET_BEFORE = "reset before"
    RESET_AFTER = "reset after"
    ERROR_BEFORE = "5xx before"
    ERROR_AFTER = "5xx after"
    WRONG_BEFORE = "wrong 2xx before"
    WRONG_AFTER = "wrong 2xx after"
    REFUSED = "refused"
    LIMITED = "429"
    UNSENT = "unsent"
    SIGN_IN = "401"


class Call(Struct, eq=False):
    """One call of a client. `history` is whose it is, `write` names the write that it asks for; `name` is unique."""

    name: str
    history: "Story"
    write: str


class Story(Struct, eq=False):
    """What the vendor, the journal and the connector ask of a history while it runs."""

    faults: Iterator[Fault]
    chance: random.Random
    blind: tuple[float, float] = (0.0, 0.0)


CALL: ContextVar[Call | None] = ContextVar("call", default=None)
"""The client's call in which a write is sent."""

SENT: ContextVar[str | None] = ContextVar("sent", default=None)
"""The operation of the journal whose request is sent; the vendor notes it with the effect."""


class Effect(Struct, frozen=True):
    """A change that was applied. `operation` is None for writes that did not come through a gateway."""

    at: float
    target: str
    command: str
    operation: str | None


class Record(Struct, Generic[R], eq=False):
    """One task or flow. `past` are its states with their times, the newest last."""

    past: list[tuple[float, R]]
    data: dict[str, object] = {}
    comments: tuple[Comment, ...] = ()
    activities: tuple[tuple[float, Activity], ...] = ()

    @property
    def now(self) -> R:
        return self.past[-1][1]

    def seen(self, at: float) -> R:
        """As it was then."""
        return next((state for since, state in reversed(self.past) if since <= at), self.past[0][1])


class Vendor:
    def __init__(self, kind: Kind, seconds: Callable[[], float], now: Callable[[], datetime]) -> None:
        self.kind = kind
        self.tasks: dict[str, Record[Task]] = {}
        self.flows: dict[str, Record[Flow]] = {}
        self.effects: list[Effect] = []
        self.stories: dict[str, Story] = {}
        # By target: the operation that was sent last, for requests with several writes.
        self.sent: dict[str, str] = {}
        self.seconds = seconds
        self.wall = now

    # Reads

    def task_seen(self, native_id: str) -> Task | None:
        """Raises UnavailableError while the history's reads fail."""
        self._check_sight(native_id)
        record = self.tasks.get(native_id)
        return None if record is None else structs.replace(record.seen(self._moment(native_id)), fetched_at=self.wall())

    def flow_seen(self, native_id: str) -> Flow | None:
        self._check_sight(native_id)
        record = self.flows.get(native_id)
        return None if record is None else structs.replace(record.seen(self._moment(native_id)), fetched_at=self.wall())

    def activities_seen(self, native_id: str) -> tuple[Activity, ...]:
        self._check_sight(native_id)
        moment = self._moment(native_id)
        return tuple(entry for at, entry in self.tasks[native_id].activities if at <= moment)

    def _moment(self, native_id: str) -> float:
        story = self.stories.get(native_id)
        lag = 0.0 if story is None or not self.kind.lag else story.chance.uniform(0, self.kind.lag)
        return self.seconds() - lag

    def _check_sight(self, native_id: str) -> None:
        story = self.stories.get(native_id)
        if story is not None and story.blind[0] <= self.seconds() < story.blind[1]:
            raise UnavailableError("cannot be reached")

    # Writes

    async def requested(self, command: str, target: str, change: Change) -> Task | Flow:
        """One write request with the next fault of the history. Once it has left, it goes on without the client."""
        operation = SENT.get()
        found = await self._travelled(target, lambda: self.apply(command, target, change, operation))
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def requested_together(
        self, command: str, changes: Mapping[str, Change]
    ) -> Mapping[str, Task | Flow | ConnectorError]:
        """One request with a write for each target. An answer in a wrong form lacks the lines of some."""
        operations = {target: self.sent.get(target) for target in changes}

        def applied() -> Mapping[str, Task | Flow | ConnectorError]:
            return {
                target: self.apply(command, target, change, operations[target]) for target, change in changes.items()
            }

        found = await self._travelled(next(iter(changes)), applied)
        if isinstance(found, MalformedResponseError):
            return {}
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def _travelled(self, target: str, apply: Callable[[], T]) -> T | ConnectorError:
        """What the client gets: the answer, or the failure of the request."""
        call = CALL.get()
        story = self.stories.get(target) if call is None else call.history
        fault = Fault.NONE if story is None else next(story.faults)
        chance = random.Random(0) if story is None else story.chance
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T | ConnectorError] = loop.create_future()
        travel = chance.uniform(0.02, 1.0)

        def answered(what: T | ConnectorError) -> None:
            if not answer.done():
                answer.set_result(what)

        match fault:
            case Fault.NONE:
                loop.call_later(travel, lambda: answered(apply()))
            case Fault.LOST_AFTER | Fault.RESET_AFTER | Fault.ERROR_AFTER | Fault.WRONG_AFTER:
                loop.call_later(travel, apply)
            case Fault.LATE:
                loop.call_later(chance.uniform(TIMEOUT, self.kind.late_max), apply)
            case _:
                pass
        if fault is not Fault.NONE:
            seconds = TIMEOUT if fault in {Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.LATE} else travel + 0.01
            loop.call_later(0.01 if fault is Fault.UNSENT else seconds, lambda: answered(failure(fault)))
        return await answer

    def apply(self, command: str, target: str, change: Change, operation: str | None) -> Task | Flow | ConnectorError:
        """The record after the change, which is an effect; or the vendor's refusal."""
        try:
            changed = change()
        except ConnectorError as error:
            return error
        self.effects.append(Effect(self.seconds(), changed.native_id, command, operation))
        return changed

    # Changes. They raise the vendor's refusal.

    def task(self, native_id: str) -> Task:
        record = self.tasks.get(native_id)
        if record is None:
            raise NotFoundError("no such task", native_status=404)
        return record.now

    def store(self, task: Task, kind: ActivityType, actor: str | None, target: str | None = None) -> Task:
        """The new state of a task, and the entry of the history that tells of it."""
        record = self.tasks.setdefault(task.native_id, Record([]))
        changed = structs.replace(task, updated_at=self.wall())
        record.past.append((self.seconds(), changed))
        entry = Activity(
            at=self.wall(),
            type=kind,
            actor=None if actor is None else UserRef(native_id=actor),
            target=None if target is None else UserRef(native_id=target),
        )
        record.activities = (*record.activities, (self.seconds(), entry))
        return changed

    def claim(self, native_id: str, owner: str, actor: str) -> Task:
        task = self.task(native_id)
        self._require_open(task)
        if self.kind.guarded and task.assignees:
            raise AlreadyAssignedError("taken", native_status=409)
        return self.own(native_id, owner, actor)

    def own(self, native_id: str, owner: str, actor: str) -> Task:
        task = self.task(native_id)
        self._require_open(task)
        kind = ActivityType.REASSIGNED if task.assignees else ActivityType.ASSIGNED
        return self.store(
            structs.replace(task, state=TaskState.RESERVED, assignees=(UserRef(native_id=owner),)), kind, actor, owner
        )

    def disown(self, native_id: str, actor: str) -> Task:
        task = self.task(native_id)
        self._require_open(task)
        return self.store(structs.replace(task, state=TaskState.READY, assignees=()), ActivityType.UNASSIGNED, actor)

    def end(
        self,
        native_id: str,
        actor: str,
        *,
        state: TaskState = TaskState.COMPLETED,
        outcome: str | None = None,
        data: dict[str, object] | None = None,
        by_owner: bool = False,
    ) -> Task:
        """`by_owner`: the vendor takes it from the task's owner alone."""
        task = self.task(native_id)
        if self.kind.guarded or state is not TaskState.COMPLETED:
            self._require_open(task)
        if by_owner and [owner.native_id for owner in task.assignees] != [actor]:
            raise ConflictError("only its owner completes it", native_status=409)
        if self.kind.shows_data:
            self.tasks[native_id].data = {**self.tasks[native_id].data, **(data or {})}
        return self.store(
            structs.replace(
                task,
                state=state,
                outcome=outcome,
                completed_at=self.wall(),
                completed_by=UserRef(native_id=actor) if self.kind.shows_author else None,
            ),
            ActivityType.COMPLETED if state is TaskState.COMPLETED else ActivityType.CANCELED,
            actor,
        )

    def change_state(self, native_id: str, actor: str, state: TaskState, kind: ActivityType) -> Task:
        task = self.task(native_id)
        self._require_open(task)
        if self.kind.guarded and task.state is state:
            raise ConflictError(f"it is {state}", native_status=409)
        return self.store(structs.replace(task, state=state), kind, actor)

    def update(self, native_id: str, actor: str, **changes: object) -> Task:
        task = self.task(native_id)
        self._require_open(task)
        return self.store(structs.replace(task, **changes), ActivityType.UPDATED, actor)

    def comment(self, native_id: str, actor: str, text: str) -> Task:
        task = self.task(native_id)
        record = self.tasks[native_id]
        record.comments = (
            *record.comments,
            Comment(
                native_id=str(len(record.comments)),
                text=text,
                author=UserRef(native_id=actor),
                created_at=self.wall(),
            ),
        )
        return self.store(task, ActivityType.COMMENTED, actor)

    def change_flow(self, native_id: str, state: FlowState) -> Flow:
        flow = self.flows[native_id].now
        if flow.state in {FlowState.CANCELED, FlowState.COMPLETED} or (self.kind.guarded and flow.state is state):
            raise ConflictError(f"it is {flow.state}", native_status=409)
        changed = structs.replace(flow, state=state)
        self.flows[native_id].past.append((self.seconds(), changed))
        return changed

    def make_task(self, task: Task) -> Task:
        return self.store(task, ActivityType.CREATED, None)

    def make_flow(self, flow: Flow) -> Flow:
        self.flows[flow.native_id] = Record([(self.seconds(), flow)])
        return flow

    @staticmethod
    def _require_open(task: Task) -> None:
        if not task.is_open:
            raise ConflictError(f"it is {task.state}", native_status=409)


def failure(fault: Fault) -> ConnectorError:
    """As `Upstream.write` raises it."""
    match fault:
        case Fault.LOST_BEFORE | Fault.LOST_AFTER | Fault.LATE:
            return UpstreamTimeoutError("did not answer in time", maybe_applied=True)
        case Fault.RESET_BEFORE | Fault.RESET_AFTER:
            return UnavailableError("cut the connection", maybe_applied=True)
        case Fault.ERROR_BEFORE | Fault.ERROR_AFTER:
            return UnavailableError("failed with status 500", maybe_applied=True, native_status=500)
        case Fault.WRONG_BEFORE | Fault.WRONG_AFTER:
            return MalformedResponseError("answered in another form", maybe_applied=True, native_status=200)
        case Fault.REFUSED:
            return ConflictError("not now", native_status=409)
        case Fault.LIMITED:
            return RateLimitedError("too many requests", native_status=429)
        case Fault.UNSENT:
            return UnavailableError("cannot be reached")
        case Fault.SIGN_IN:
            return UnauthenticatedError("refused our credentials", native_status=401)
        case Fault.NONE:
            raise AssertionError


__all__ = ["CALL", "NOW", "SENT", "TIMEOUT", "Call", "Effect", "Fault", "Record", "Story", "Vendor", "failure"]
