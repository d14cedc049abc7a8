"""What a source can do, by action of the graph; derived from what the connector tells of the source alone."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from connectors.sdk.capability import Capability, Support
from connectors.sdk.commands import Cancel, CancelStrategy, Command, TaskAction, Update, UpdateField, actions_of
from schema.ports import ActionCapability


def action_capabilities(capabilities: Mapping[type[Command], Capability]) -> Mapping[TaskAction, Capability]:
    """By action, in the order of TaskAction. Of several ways to cancel, the mildest counts."""
    found: dict[TaskAction, Capability] = {}
    ordered = sorted(capabilities.items(), key=lambda item: _rank(item[0]))
    for command, capability in ordered:
        for action in _actions(command, capability):
            found.setdefault(action, capability)
    return MappingProxyType({action: found[action] for action in TaskAction if action in found})


def withheld_actions(withheld: Mapping[type[Command], str]) -> Mapping[TaskAction, str]:
    """The reasons of what the source's account turned out not to be able to do, by action."""
    found: dict[TaskAction, str] = {}
    for command, reason in withheld.items():
        for action in actions_of(frozenset(UpdateField)) if issubclass(command, Update) else (command.action,):
            found.setdefault(action, reason)
    return MappingProxyType(found)


def described(
    capabilities: Mapping[TaskAction, Capability], withheld: Mapping[TaskAction, str]
) -> tuple[ActionCapability, ...]:
    """One for every action, as the graph shows it. The roles that they require are added by `authorization`."""
    found = []
    for action in TaskAction:
        capability = capabilities.get(action)
        found.append(
            ActionCapability(
                action=action,
                support=Support.UNSUPPORTED if capability is None else capability.support,
                atomic=capability is not None and capability.atomic,
                note=withheld.get(action) or (None if capability is None else capability.note or None),
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
