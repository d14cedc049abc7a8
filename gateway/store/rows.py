"""Rows of the SQLite journal as records, and results as they are stored."""

import re
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import FlowRef, TaskRef
from gateway.store.evidence import Evidence
from gateway.store.port import OpenWrite, Stage, Step
from schema.ports import Operation, Problem, SourceRef, Target, WriteResult

T = TypeVar("T")

OPERATION = (
    "SELECT id, action, person, sent_at, requested_at, settled_at, source, target, kind, result,"
    " (SELECT count(*) FROM step WHERE operation_id = operation.id) FROM operation"
)
STEP = (
    "SELECT operation_id, number, step.command, evidence, step.sent_at, step.settled_at, step.status"
    " FROM step JOIN operation ON operation.id = operation_id"
)
OPEN_WRITE = "SELECT id, person, stage, action, source, target, kind, requested_at, result FROM operation"

_UNREADABLE = Problem(
    code="UPSTREAM_ERROR",
    message="another version of taskgate recorded this write; its result cannot be read here. Look at the source.",
)


_ACTIONS = {action.value: action for action in TaskAction}
_STATUSES = {status.value: status for status in MutationStatus}
_KINDS: dict[str, type[TaskRef | FlowRef]] = {TaskRef.__name__: TaskRef, FlowRef.__name__: FlowRef}

# A code; anything else may be a sentence.
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class _Outcome(Struct, frozen=True):
    """What every version records of a result."""

    status: MutationStatus = MutationStatus.UNKNOWN


def operation_of(row: tuple[Any, ...]) -> Operation:
    """A row of OPERATION. GatewayUnavailableError if this version does not know its action."""
    operation_id, action, person, sent_at, requested_at, settled_at, source, target, kind, packed, steps = row
    result = decoded(packed, WriteResult)
    made_task = None if result is None or result.task is None else result.task.ref
    made_flow = None if result is None or result.flow is None else result.flow.ref
    problems = () if result is None else result.problems
    return Operation(
        operation_id=operation_id,
        action=_known_action(action),
        person=person,
        status=MutationStatus.PENDING if packed is None else (decoded(packed, _Outcome) or _Outcome()).status,
        attempts=0 if sent_at is None else max(1, steps),
        requested_at=datetime.fromtimestamp(requested_at, UTC),
        settled_at=_time(settled_at),
        task=TaskRef(source, target) if kind == TaskRef.__name__ else made_task,
        flow=FlowRef(source, target) if kind == FlowRef.__name__ else made_flow,
        problems=problems if result is not None or packed is None else (_UNREADABLE,),
    )


def open_write_of(row: tuple[Any, ...]) -> OpenWrite:
    """A row of OPEN_WRITE."""
    operation_id, person, stage, action, source, target, kind, requested_at, packed = row
    ref = _KINDS.get(kind)
    return OpenWrite(
        operation_id=operation_id,
        person=person,
        stage=Stage(stage),
        action=_ACTIONS.get(action),
        target=SourceRef(source) if ref is None else ref(source, target),
        requested_at=datetime.fromtimestamp(requested_at, UTC),
        result=decoded(packed, WriteResult),
    )


def step_of(row: tuple[Any, ...]) -> Step:
    """A row of STEP."""
    operation_id, number, command, packed, sent_at, settled_at, status = row
    return Step(
        operation_id=operation_id,
        number=number,
        command=command,
        evidence=decoded(packed, Evidence),
        sent_at=datetime.fromtimestamp(sent_at, UTC),
        settled_at=_time(settled_at),
        status=_STATUSES.get(status),
    )


def target_columns(target: Target) -> tuple[str, str, str]:
    """Source, native id and kind of a target."""
    native_id = target.native_id if isinstance(target, TaskRef | FlowRef) else ""
    return target.source, native_id, type(target).__name__


def packed(result: WriteResult) -> bytes:
    """Without payloads and the vendor's words; without task and flow if they hold a value that cannot be stored."""
    result = msgspec.structs.replace(
        result, problems=tuple(_without_quotes(problem, result.status) for problem in result.problems)
    )
    task = None if result.task is None else msgspec.structs.replace(result.task, payload=None)
    flow = None if result.flow is None else msgspec.structs.replace(result.flow, payload=None)
    try:
        return msgspec.msgpack.encode(msgspec.structs.replace(result, task=task, flow=flow))
    except (TypeError, ValueError, OverflowError):
        return msgspec.msgpack.encode(msgspec.structs.replace(result, task=None, flow=None))


def _without_quotes(problem: Problem, status: MutationStatus) -> Problem:
    """The vendor's words may hold form data: they are for the author, and not for the disk."""
    if not problem.quotes_vendor:
        return problem
    verb = "refused the write" if status is MutationStatus.REJECTED else "gave no clear answer"
    code = problem.native_code
    return msgspec.structs.replace(
        problem,
        message=f"the source {verb} ({problem.code}); its own words went to the author of the write only",
        native_code=code if code is not None and _CODE.fullmatch(code) else None,
    )


def decoded(packed: bytes | None, kind: type[T]) -> T | None:
    """None for a record that another version of taskgate wrote in a form that cannot be read here."""
    if packed is None:
        return None
    try:
        return msgspec.msgpack.decode(packed, type=kind)
    except msgspec.MsgspecError:
        return None


def _known_action(action: str) -> TaskAction:
    try:
        return TaskAction(action)
    except ValueError as error:
        raise GatewayUnavailableError(
            f"another version of taskgate recorded this write; its action {action} is not known here"
        ) from error


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
