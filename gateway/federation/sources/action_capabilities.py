"""What a source can do, by action of the graph; derived from the connector's capabilities alone."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from connectors.sdk.capability import Capability, Support
from connectors.sdk.commands import Cancel, CancelStrategy, Command, TaskAction, Update, actions_of
from schema.ports import ActionCapability


def action_capabilities(capabilities: Mapping[type[Command], Capability]) -> Mapping[TaskAction, Capability]:
    """By action, in the order of TaskAction. Of several ways to cancel, the mildest counts."""
    found: dict[TaskAction, Capability] = {}
    ordered = sorted(capabilities.items(), key=lambda item: _rank(item[0]))
    for command, capability in ordered:
        for action in _actions(command, capability):
            found.setdefault(action, capability)
    return MappingProxyType({action: found[action] for action in TaskAction if action in found})


def described(capabilities: Mapping[TaskAction, Capability]) -> tuple[ActionCapability, ...]:
    """One for every action, as the graph shows it. The roles that they require are added by `authorization`."""
    found = []
    for action in TaskAction:
        capability = capabilities.get(action)
        found.append(
            ActionCapability(
                action=action,
                support=Support.UNSUPPORTED if capability is None else capability.support,
                atomic=capability is not None and capability.atomic,
                note=(capability.note or None) if capability is not None else None,
            )
        )
    return tuple(found)


def _actions(command: type[Command], capability: Capability) -> Iterator[TaskAction]:
    if issubclass(command, Update):
        yield from actions_of(capability.fields)
    else:
        yield command.action


def _rank(command: type[Command]) -> int:
    return list(CancelStrategy).index(command.strategy) if issubclass(command, Cancel) else -1
