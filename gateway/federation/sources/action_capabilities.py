"""What a source can do, by action of the graph; derived from the connector's capabilities alone."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any

from connectors.sdk import commands
from connectors.sdk.capability import Capability, Support
from connectors.sdk.commands import Cancel, CancelStrategy, Command, TaskAction, Update, actions_of
from connectors.sdk.connector import Connector
from connectors.sdk.errors import UnsupportedActionError
from schema.ports import (
    ActionCapability,
    AssignIntent,
    CancelFlowIntent,
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    CreateTaskIntent,
    Intent,
    ReleaseIntent,
    ResumeFlowIntent,
    ResumeIntent,
    RetryIntent,
    SaveDraftIntent,
    StartFlowIntent,
    StartIntent,
    SuspendFlowIntent,
    SuspendIntent,
    TagIntent,
    UnassignIntent,
    UpdateIntent,
)

COMMANDS: Mapping[type[Intent], type[Command]] = MappingProxyType(
    {
        ClaimIntent: commands.Claim,
        ReleaseIntent: commands.Release,
        UnassignIntent: commands.Unassign,
        AssignIntent: commands.Assign,
        StartIntent: commands.Start,
        SuspendIntent: commands.Suspend,
        ResumeIntent: commands.Resume,
        UpdateIntent: commands.Update,
        TagIntent: commands.SetTags,
        SaveDraftIntent: commands.SaveDraft,
        CommentIntent: commands.AddComment,
        RetryIntent: commands.Retry,
        CompleteIntent: commands.Complete,
        CreateTaskIntent: commands.CreateTask,
        StartFlowIntent: commands.StartFlow,
        CancelFlowIntent: commands.CancelFlow,
        SuspendFlowIntent: commands.SuspendFlow,
        ResumeFlowIntent: commands.ResumeFlow,
    }
)
"""Without CancelIntent: its command depends on the strategies that the client allows."""


def action_capabilities(capabilities: Mapping[type[Command], Capability]) -> Mapping[TaskAction, Capability]:
    """By action, in the order of TaskAction. Of several ways to cancel, the mildest counts."""
    found: dict[TaskAction, Capability] = {}
    ordered = sorted(capabilities.items(), key=lambda item: _rank(item[0]))
    for command, capability in ordered:
        for action in _actions(command, capability):
            found.setdefault(action, capability)
    return MappingProxyType({action: found[action] for action in TaskAction if action in found})


def described(
    capabilities: Mapping[TaskAction, Capability], *, admin_only: AbstractSet[TaskAction]
) -> tuple[ActionCapability, ...]:
    """One for every action, as the graph shows it. Actions of `admin_only` require the role task_admin."""
    found = []
    for action in TaskAction:
        capability = capabilities.get(action)
        found.append(
            ActionCapability(
                action=action,
                support=Support.UNSUPPORTED if capability is None else capability.support,
                atomic=capability is not None and capability.atomic,
                requires_role="task_admin" if capability is not None and action in admin_only else None,
                note=(capability.note or None) if capability is not None else None,
            )
        )
    return tuple(found)


def command_type(connector: Connector[Any], intent: Intent) -> type[Command]:
    """The command that this source would perform. UnsupportedActionError, without a call, if it has none."""
    if isinstance(intent, CancelIntent):
        return _cancel_type(connector, intent)
    command = COMMANDS[type(intent)]
    if command not in connector.capabilities:
        raise UnsupportedActionError(f"{connector.title} has no operation {intent.verb}")
    return command


def _cancel_type(connector: Connector[Any], intent: CancelIntent) -> type[Command]:
    by_strategy = {command.strategy: command for command in connector.capabilities if issubclass(command, Cancel)}
    for strategy in CancelStrategy:
        if strategy in intent.allow and strategy in by_strategy:
            return by_strategy[strategy]
    possible = connector.cancel_strategies()
    advice = f"allow one of {', '.join(possible)}" if possible else "it has none"
    raise UnsupportedActionError(
        f"{connector.title} cannot cancel a task in an allowed way; {advice}", alternatives=possible
    )


def _actions(command: type[Command], capability: Capability) -> Iterator[TaskAction]:
    if issubclass(command, Update):
        yield from actions_of(capability.fields)
    else:
        yield command.action


def _rank(command: type[Command]) -> int:
    return list(CancelStrategy).index(command.strategy) if issubclass(command, Cancel) else -1
