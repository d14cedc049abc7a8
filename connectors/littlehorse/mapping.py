"""The bridge's records as records of the sdk. Pure functions.

The native id of a person is the kernel's user id, which is the value of the claim that the bridge is configured with. The
native id of a group is its name. Every answer has these two or allows to derive them; the identity provider's ids are
missing in most details.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from msgspec import Raw
from msgspec.structs import replace

from connectors.littlehorse import wire
from connectors.littlehorse.ids import TaskId
from connectors.littlehorse.settings import LittlehorseSettings, UserIdClaim
from connectors.sdk import (
    Definition,
    Flow,
    FlowState,
    Group,
    GroupRef,
    MalformedResponseError,
    Task,
    TaskKind,
    TaskState,
    User,
    UserRef,
    decode_json,
    decode_json_value,
    readable_rows,
    time_from_wire,
)

# The members of a row that name its owner and candidates.
OWNERS = frozenset({"user", "userGroup"})

_TEMPLATE = re.compile(r"\{(wfRunId|id)\}")


def state_of(status: str | None, *, assigned: bool) -> tuple[TaskState, str]:
    """The state, and the name of the rule that decided. `assigned`: the record names a user."""
    match status:
        case "UNASSIGNED":
            return TaskState.READY, "lh.unassigned"
        case "ASSIGNED" if assigned:
            return TaskState.RESERVED, "lh.assigned"
        case "ASSIGNED":
            # Its owner is not known. As READY it would be missing in lists of READY tasks: the bridge lists it as ASSIGNED.
            return TaskState.UNKNOWN, "lh.assigned.no_user"
        case "DONE":
            return TaskState.COMPLETED, "lh.done"
        case "CANCELLED":
            return TaskState.CANCELED, "lh.cancelled"
        case _:
            return TaskState.UNKNOWN, "lh.unknown"


def user_id_of(user: wire.User, claim: UserIdClaim) -> str | None:
    """The kernel's id of a person; None if the record has no id. Lists and details show a person with different ids."""
    by_claim = claim_of(user, claim) if user.valid else None
    return kernel_id(by_claim or user.id or "", claim) or None


def claim_of(user: wire.User, claim: UserIdClaim) -> str | None:
    """The attribute of a user that the bridge takes as the user id."""
    return {"EMAIL": user.email, "PREFERRED_USERNAME": user.username, "SUB": user.id}[claim]


def account_lacks(account: wire.User, claim: UserIdClaim) -> str | None:
    """Why the account completes no task; None if nothing speaks against it."""
    if claim_of(account, claim):
        return None
    attribute = {"EMAIL": "e-mail address", "PREFERRED_USERNAME": "user name", "SUB": "id"}[claim]
    return (
        f"{account_name(account)} has no {attribute} in the identity provider, which the bridge takes as its user id: the "
        "bridge refuses every completion by it; README.md of the connector says how to set it up"
    )


def account_name(account: wire.User) -> str:
    return account.username or "the account"


def kernel_id(text: str, claim: UserIdClaim) -> str:
    """A user id as it stands in the kernel, in the one spelling that it has here.

    The bridge compares ids without case, and the identity provider writes addresses and user names in small letters.
    """
    return text if claim == "SUB" else text.lower()


def user_ref(user: wire.User | None, claim: UserIdClaim) -> UserRef | None:
    native_id = None if user is None else user_id_of(user, claim)
    if user is None or native_id is None:
        return None
    return UserRef(native_id=native_id, name=_name(user), email=user.email or None)


def user_from_wire(user: wire.User, claim: UserIdClaim) -> User | None:
    native_id = user_id_of(user, claim)
    if native_id is None:
        return None
    return User(
        native_id=native_id,
        name=_name(user),
        username=user.username or None,
        email=user.email or None,
        # Keycloak names the account of a client so.
        is_service=(user.username or "").startswith("service-account-"),
    )


def group_name(group: wire.UserGroup | None) -> str | None:
    return None if group is None else (group.name or group.id or None)


def group_from_wire(group: wire.UserGroup) -> Group | None:
    """All tasks name a group by its name; the identity provider's id is an alias."""
    name = group_name(group)
    if name is None:
        return None
    aliases = (group.id,) if group.id and group.id != name else ()
    return Group(native_id=name, name=name, aliases=aliases)


def definition_of(name: str) -> Definition:
    return Definition(native_id=name, key=name, name=name)


def task_from_wire(
    row: wire.TaskRow, settings: LittlehorseSettings, *, fetched_at: datetime, payload: Raw | None = None
) -> Task:
    user = user_ref(row.user, settings.options.user_id_claim)
    state, rule = state_of(row.status, assigned=user is not None)
    group = group_name(row.user_group)
    task_id = TaskId(row.wf_run_id, row.id)
    task = Task(
        source=settings.key,
        native_id=str(task_id),
        title=row.user_task_def_name or str(task_id),
        state=state,
        rule=rule,
        fetched_at=fetched_at,
        kind=TaskKind.FORM,
        description=row.notes or None,
        created_at=time_from_wire(row.scheduled_time, UTC),
        assignees=() if user is None else (user,),
        candidate_groups=() if group is None else (GroupRef(native_id=group, name=group),),
        completed_by=user if state is TaskState.COMPLETED else None,
        definition=definition_of(row.user_task_def_name) if row.user_task_def_name else None,
        flow_id=row.wf_run_id,
        url=_link(settings.options.url_template, task_id),
        native_state=row.status,
        payload=payload,
    )
    if not isinstance(row, wire.TaskRecord):
        return task
    if state is TaskState.COMPLETED:
        task = replace(task, outcome=_outcome(row, settings))
    if row.events is None:
        return task
    return _dated(task, readable_rows(row.events, wire.Event), settings.options.user_id_claim)


def _outcome(record: wire.TaskRecord, settings: LittlehorseSettings) -> str | None:
    """The result that is the outcome: a text, and one of those that are configured, if any are."""
    name, codes = settings.options.outcome_field, {each.code for each in settings.options.outcomes}
    result = None if name is None else (record.results or {}).get(name)
    try:
        value = None if result is None else decode_json_value(result.value, what="a result of the task")
    except MalformedResponseError:
        return None
    return value if isinstance(value, str) and (not codes or value in codes) else None


def flow_stub(wf_run_id: str, source: str, *, fetched_at: datetime) -> Flow:
    """The bridge shows no runs, so it is not known whether the run exists."""
    return Flow(
        source=source, native_id=wf_run_id, state=FlowState.UNKNOWN, rule="lh.run.not_shown", fetched_at=fetched_at
    )


def lists_group(payload: Raw | None) -> bool | None:
    """Whether the bridge's directory has the group of the record that a task was made from; None if it does not tell.

    The user side's detail looks no group up: there none is valid.
    """
    if payload is None:
        return None
    try:
        record = decode_json(payload, wire.GroupOfRecord)
    except MalformedResponseError:
        return None
    if record.user_group is None or record.user_group.valid:
        return None if record.user_group is None else True
    was_looked_up = record.fields is None or record.events is not None
    return False if was_looked_up else None


def _dated(task: Task, events: Sequence[wire.Event], claim: UserIdClaim) -> Task:
    """With the times that only the history holds."""
    owner = {user.native_id for user in task.assignees}
    assigned = [
        time
        for each in events
        if each.type == "TASK_ASSIGNED"
        and each.event is not None
        and kernel_id(each.event.new_user_id or "", claim) in owner
        if (time := time_from_wire(each.time, UTC)) is not None
    ]
    completed = [
        time
        for each in events
        if each.type == "TASK_COMPLETED" and (time := time_from_wire(each.time, UTC)) is not None
    ]
    return replace(task, assigned_at=max(assigned, default=None), completed_at=max(completed, default=None))


def _name(user: wire.User) -> str | None:
    return " ".join(filter(None, (user.first_name, user.last_name))) or user.username or None


def _link(template: str | None, task: TaskId) -> str | None:
    if template is None:
        return None
    parts = {"wfRunId": quote(task.wf_run_id, safe=""), "id": quote(task.id, safe="")}
    return _TEMPLATE.sub(lambda match: parts[match[1]], template)
