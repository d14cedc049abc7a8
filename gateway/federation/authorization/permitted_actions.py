"""What a person may do to a task, as the graph tells it beforehand; from memory alone."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from connectors.sdk.caller import Caller
from connectors.sdk.capability import Capability, Support
from connectors.sdk.commands import TaskAction
from connectors.sdk.connector import Connector
from connectors.sdk.model import Task
from gateway.federation.authorization.policy import Permission
from gateway.federation.authorization.table import TASK_ACTIONS
from schema.ports import SourceStatus, Verdict

# A source in these does not take writes, as far as is known.
_AWAY = frozenset({SourceStatus.UNAVAILABLE, SourceStatus.UNAUTHORIZED, SourceStatus.FORBIDDEN})


class JudgedSource(Protocol):
    """What of a source decides over an action; `gateway.federation.sources.Source` has it."""

    connector: Connector[Any]
    action_capabilities: Mapping[TaskAction, Capability]

    @property
    def status(self) -> SourceStatus: ...


def verdicts(
    source: JudgedSource, caller: Caller, task: Task, actions: Iterable[TaskAction] | None = None
) -> list[Verdict]:
    """One for each of `actions`; for None, for everything that can be done to a task."""
    asked = [action for action in TaskAction if action in TASK_ACTIONS] if actions is None else actions
    permission = Permission(caller, source.connector)
    found = []
    for action in asked:
        capability = source.action_capabilities.get(action)
        if capability is None or action not in TASK_ACTIONS:
            found.append(
                Verdict(
                    action=action,
                    allowed=False,
                    support=Support.UNSUPPORTED,
                    atomic=False,
                    reason=f"{source.connector.title} has no such operation for a task",
                )
            )
            continue
        reason = f"the source is {source.status}" if source.status in _AWAY else None
        if reason is None:
            refusal = permission.refusal(task, action, override=True)
            reason = None if refusal is None else refusal.message
        found.append(
            Verdict(
                action=action,
                allowed=reason is None,
                support=capability.support,
                atomic=capability.atomic,
                reason=reason,
            )
        )
    return found
