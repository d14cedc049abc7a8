"""What a source can do: declared on the method that does it, so that promise and fulfilment cannot part."""

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
    """`guarded`: the vendor refuses a second application by its own state machine. `atomic`: one call decides.

    `when` tells from the source's settings whether the verb is there at all. `fields` are those that Update can change.
    """

    support: Support = Support.NATIVE
    atomic: bool = True
    guarded: bool = False
    note: str = ""
    when: Callable[[Any], bool] | None = None
    fields: frozenset[UpdateField] = frozenset()


class How(TypedDict, total=False):
    support: Support
    atomic: bool
    guarded: bool
    note: str
    when: Callable[[Any], bool]
    fields: frozenset[UpdateField]


S = TypeVar("S")
C = TypeVar("C", bound=Command)
R = TypeVar("R", Outcome, FlowOutcome)


def handles(
    command: type[C], **how: Unpack[How]
) -> Callable[[Callable[[S, C], Awaitable[R]]], Callable[[S, C], Awaitable[R]]]:
    """Mark the method that carries out `command`."""

    def mark(method: Callable[[S, C], Awaitable[R]]) -> Callable[[S, C], Awaitable[R]]:
        setattr(method, "__handles__", (command, Capability(**how)))  # noqa: B010 a function has no such attribute for mypy
        return method

    return mark
