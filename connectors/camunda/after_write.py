"""Tasks and flows as the vendor will show them after a command, once its reads have caught up."""

from datetime import datetime

from msgspec.structs import replace

from connectors.camunda import wire
from connectors.camunda.flows import FLOW_STATES, process_definition
from connectors.camunda.mapping import (
    groups_of,
    state_rule,
    users_of,
)
from connectors.camunda.settings import CamundaSettings
from connectors.sdk import Flow, FlowState, PriorityThresholds, Task, Update, UpdateField, link_of, whole_milliseconds


def assigned(task: Task, user: str | None, *, at: datetime) -> Task:
    """After an assignment to `user`; None: after the assignee was removed."""
    rule = state_rule("CREATED", assigned=user is not None)
    return replace(
        task,
        state=rule.state,
        rule=rule.rule,
        pending_transition=None,
        native_state="CREATED",
        assignees=() if user is None else users_of([user]),
        fetched_at=at,
    )


def updated(command: Update, thresholds: PriorityThresholds, *, at: datetime) -> Task:
    """After an update of what `mapping.changeset_of` accepts."""
    task, clear = command.task, command.clear
    score = task.priority_score if command.priority is None else thresholds.score_of(command.priority)
    users = () if UpdateField.CANDIDATE_USERS in clear else command.candidate_users
    groups = () if UpdateField.CANDIDATE_GROUPS in clear else command.candidate_groups
    due_at = whole_milliseconds(command.due_at) if command.due_at else task.due_at
    follow_up_at = whole_milliseconds(command.follow_up_at) if command.follow_up_at else task.follow_up_at
    return replace(
        assigned(task, None if task.assignee is None else task.assignee.native_id, at=at),
        due_at=None if UpdateField.DUE_AT in clear else due_at,
        follow_up_at=None if UpdateField.FOLLOW_UP_AT in clear else follow_up_at,
        priority=thresholds.priority_of(score),
        priority_score=score,
        candidate_users=task.candidate_users if users is None else users_of(users),
        candidate_groups=task.candidate_groups if groups is None else groups_of(groups),
    )


def closed(task: Task, native: str, *, outcome: str | None = None, at: datetime) -> Task:
    """In the native state COMPLETED or CANCELED."""
    rule = state_rule(native, assigned=bool(task.assignees))
    return replace(
        task,
        state=rule.state,
        rule=rule.rule,
        pending_transition=None,
        native_state=native,
        completed_at=whole_milliseconds(at),
        outcome=outcome,
        fetched_at=at,
    )


def started_flow(answer: wire.StartedInstance, settings: CamundaSettings, *, at: datetime) -> Flow:
    """The answer has neither the process's name nor times; a read gives them."""
    return Flow(
        source=settings.key,
        native_id=answer.process_instance_key,
        state=FlowState.ACTIVE,
        rule="c8.flow.active",
        fetched_at=at,
        name=answer.process_definition_id,
        definition=process_definition(
            key=answer.process_definition_key,
            id=answer.process_definition_id,
            name=None,
            version=answer.process_definition_version,
        ),
        started_at=at,
        business_key=answer.business_id,
        url=link_of(settings.flow_link, answer.process_instance_key),
        native_state="ACTIVE",
    )


def changed_flow(flow: Flow, native: str, *, at: datetime) -> Flow:
    """In the native state ACTIVE, SUSPENDED or TERMINATED."""
    state = FLOW_STATES[native]
    return replace(
        flow,
        state=state,
        rule=f"c8.flow.{native.lower()}",
        native_state=native,
        ended_at=at if state is FlowState.CANCELED else None,
        fetched_at=at,
        payload=None,
    )


def effect_of_cancel(name: str | None, key: str) -> str:
    """What cancelling a process instance did, as text for people."""
    return f"ended the process instance {f'{name} ({key})' if name else key} with all its open tasks"
