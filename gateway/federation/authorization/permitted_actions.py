"""What a person may do to a task now, and what a source offers to whom. From memory, without an upstream call."""

from collections.abc import Iterable

from msgspec import structs

from connectors.sdk.caller import TASK_ADMIN, Caller
from connectors.sdk.capability import Capability, Support
from connectors.sdk.commands import TaskAction
from connectors.sdk.model import Task
from gateway.federation.authorization.known_accounts import KnownAccounts
from gateway.federation.authorization.policy import Policy
from gateway.federation.authorization.table import ADMIN_ONLY, TASK_ACTIONS
from gateway.federation.sources import Source
from schema.ports import ActionCapability, SourceStatus, Verdict

# A source with one of these statuses takes no writes, as far as is known.
_AWAY = frozenset({SourceStatus.UNAVAILABLE, SourceStatus.UNAUTHORIZED, SourceStatus.FORBIDDEN})


def permitted_actions(
    source: Source,
    caller: Caller,
    task: Task,
    actions: Iterable[TaskAction] | None = None,
    known: KnownAccounts | None = None,
) -> list[Verdict]:
    """A verdict for each of `actions`; None means all actions on an existing task, in the order of TaskAction.

    A refused action has the first condition that fails as its reason.
    """
    asked = [action for action in TaskAction if action in TASK_ACTIONS] if actions is None else actions
    policy = Policy(caller, source.connector, known)
    return [_verdict(source, policy, task, action) for action in asked]


def with_roles(capabilities: Iterable[ActionCapability]) -> tuple[ActionCapability, ...]:
    """The capabilities of a source, each with the role that it requires."""
    return tuple(
        structs.replace(one, requires_role=TASK_ADMIN)
        if one.support is not Support.UNSUPPORTED and one.action in ADMIN_ONLY
        else one
        for one in capabilities
    )


def _verdict(source: Source, policy: Policy, task: Task, action: TaskAction) -> Verdict:
    capability = source.action_capabilities.get(action) if action in TASK_ACTIONS else None
    if capability is None:
        missing = f"{source.connector.info.title} does not support {action} for a task"
        reason: str | None = source.why_withheld(action) or missing
        capability = Capability(support=Support.UNSUPPORTED, atomic=False)
    elif source.status in _AWAY:
        reason = f"the source is {source.status}"
    else:
        refusal = policy.refusal(task, action, override=True)
        reason = None if refusal is None else refusal.message
    return Verdict(
        action=action, allowed=reason is None, support=capability.support, atomic=capability.atomic, reason=reason
    )
