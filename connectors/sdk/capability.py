"""What a source can do. A capability is declared on the method that performs the command."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, TypedDict, TypeVar, Unpack

from msgspec import Struct

from connectors.sdk.commands import Command, FlowOutcome, Outcome, UpdateField


class Support(StrEnum):
    NATIVE = "NATIVE"
    EMULATED = "EMULATED"
    UNSUPPORTED = "UNSUPPORTED"


class Capability(Struct, frozen=True, kw_only=True):
    """How a source supports a command.

    `guarded`: the vendor itself refuses the command on a task that is no longer in the required state.
    `atomic`: one call decides; of two callers only one can succeed.
    `by_id`: the vendor takes the command with the task's id alone. A task admin may send it although the record cannot
    be decoded; the connector then reads nothing else of the record, and what its outcome shows is not used.
    `keeps_reason`: the vendor's history gets the command's reason.
    `when` decides from the source's settings whether this variant exists. `fields`: what Update can change.
    """

    support: Support = Support.NATIVE
    atomic: bool = True
    guarded: bool = False
    by_id: bool = False
    keeps_reason: bool = False
    note: str = ""
    when: Callable[[Any], bool] | None = None
    fields: frozenset[UpdateField] = frozenset()


class How(TypedDict, total=False):
    support: Support
    atomic: bool
    guarded: bool
    by_id: bool
    keeps_reason: bool
    note: str
    when: Callable[[Any], bool]
    fields: frozenset[UpdateField]


S = TypeVar("S")
C = TypeVar("C", bound=Command)
R = TypeVar("R", Outcome, FlowOutcome)


def handles(
    command: type[C], **how: Unpack[How]
) -> Callable[[Callable[[S, C], Awaitable[R]]], Callable[[S, C], Awaitable[R]]]:
    """Declare the method that performs `command`.

    Several declarations on one method, each with `when`, are variants of it under different settings.
    """

    def mark(method: Callable[[S, C], Awaitable[R]]) -> Callable[[S, C], Awaitable[R]]:
        variants = (*getattr(method, "__handles__", ()), (command, Capability(**how)))
        setattr(method, "__handles__", variants)  # noqa: B010 a function has no such attribute for mypy
        return method

    return mark
