"""Tasks and flows as the engine shows them after a command. Its reads see a write at once."""

from datetime import datetime

from msgspec.structs import replace

from connectors.camunda7 import wire
from connectors.camunda7.mapping import Candidates, groups_of, users_of
from connectors.camunda7.settings import Camunda7Settings
from connectors.sdk import Definition, Flow, FlowState, Task, TaskState, link_of, whole_milliseconds


def assigned(task: Task, user: str | None, *, at: datetime) -> Task:
    """After an assignment to `user`; None: after the owner was removed."""
    return replace(
        task,
        state=TaskState.READY if user is None else TaskState.RESERVED,
        rule="c7.unassigned" if user is None else "c7.assigned",
        state_reason=None,
        assignees=() if user is None else users_of([user]),
        updated_at=whole_milliseconds(at),
        fetched_at=at,
    )


def with_candidates(task: Task, found: Candidates, *, at: datetime) -> Task:
    return replace(
        task,
        candidate_users=users_of(found.users),
        candidate_groups=groups_of(found.groups),
        updated_at=whole_milliseconds(at),
        fetched_at=at,
    )


def closed(task: Task, state: TaskState, rule: str, native: str, *, at: datetime, outcome: str | None = None) -> Task:
    return replace(
        task,
        state=state,
        rule=rule,
        state_reason=None,
        native_state=native,
        completed_at=whole_milliseconds(at),
        candidate_users=None,
        candidate_groups=None,
        outcome=outcome,
        fetched_at=at,
    )


def started_flow(answer: wire.StartedInstance, key: str, settings: Camunda7Settings, *, at: datetime) -> Flow:
    """The answer has neither the process's name nor times; a read gives them."""
    state = "COMPLETED" if answer.ended else "ACTIVE"
    return Flow(
        source=settings.key,
        native_id=answer.id,
        state=FlowState.COMPLETED if answer.ended else FlowState.ACTIVE,
        rule=f"c7.flow.{state.lower()}",
        fetched_at=at,
        name=key,
        definition=None if answer.definition_id is None else Definition(native_id=answer.definition_id, key=key),
        started_at=whole_milliseconds(at),
        business_key=answer.business_key,
        url=link_of(settings.options.flow_url_template, answer.id),
        native_state=state,
    )


def changed_flow(flow: Flow, state: FlowState, native: str, *, at: datetime) -> Flow:
    return replace(
        flow,
        state=state,
        rule=f"c7.flow.{native.lower()}",
        native_state=native,
        ended_at=whole_milliseconds(at) if state is FlowState.CANCELED else flow.ended_at,
        fetched_at=at,
        payload=None,
    )


def effect_of_cancel(name: str | None, key: str, *, is_batch: bool) -> str:
    """What cancelling a process instance did, as text for people."""
    shown = f"{name} ({key})" if name else key
    if is_batch:
        return f"asked the engine to end the process instance {shown} with all its open tasks; that takes some seconds"
    return f"ended the process instance {shown} with all its open tasks"
