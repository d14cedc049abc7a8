"""What the journal keeps of a command before it is sent, so that a record read later can be compared with it."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from connectors.sdk.commands import (
    AddComment,
    Assign,
    Claim,
    Command,
    Complete,
    FlowCommand,
    SaveDraft,
    SetTags,
    TaskCommand,
    Update,
)
from connectors.sdk.model import Flow, Task
from gateway.federation.writes.verbs import is_shown
from gateway.federation.writes.wanted_states import wanted_fields
from gateway.store import Evidence, digest

SALT_BYTES = 16


def evidence_of(command: Command, *, at: datetime, held: Mapping[str, object] | None = None) -> Evidence:
    """Of a command that is about to be sent at that time. `held`: the data of its task before, if known. Values that have no form in JSON are left out: they prove nothing."""
    salt = secrets.token_bytes(SALT_BYTES)
    before = _target(command)
    return Evidence(
        command=type(command).__name__,
        salt=salt,
        sent_at=at,
        actor=None if command.actor is None else command.actor.native_id,
        user=_wanted_user(command),
        group=command.group_id if isinstance(command, Assign) else None,
        owners=tuple(owner.native_id for owner in before.assignees) if isinstance(before, Task) else (),
        state=None if before is None else before.state.value,
        version=before.version if isinstance(before, Task) else None,
        looked_at=None if before is None else before.fetched_at,
        is_shown_before=_is_shown_before(command, before),
        pinned=isinstance(command, TaskCommand) and command.expects_version,
        outcome=command.outcome if isinstance(command, Complete) else None,
        data=_hashed(salt, command.data) if isinstance(command, Complete | SaveDraft) else None,
        is_data_held=isinstance(command, Complete) and _is_held(command.data, held),
        text=digest(salt, command.text) if isinstance(command, AddComment) else None,
        fields=_fields(salt, command),
    )


def _is_shown_before(command: Command, before: Task | Flow | None) -> bool:
    """A group that is a candidate already proves nothing once the owner is gone: they may have gone by themselves."""
    if isinstance(command, Assign) and command.group_id is not None and isinstance(before, Task):
        return command.group_id in {group.native_id for group in before.candidate_groups or ()}
    return before is not None and is_shown(command, before)


def _target(command: Command) -> Task | Flow | None:
    if isinstance(command, TaskCommand):
        return command.task
    return command.flow if isinstance(command, FlowCommand) else None


def _wanted_user(command: Command) -> str | None:
    if isinstance(command, Claim):
        return None if command.actor is None else command.actor.native_id
    return command.user_id if isinstance(command, Assign) else None


def _hashed(salt: bytes, data: Mapping[str, object] | None) -> Mapping[bytes, bytes] | None:
    """None as well for data with a value that cannot be hashed: such data can never be shown to be equal."""
    if data is None:
        return None
    try:
        return {digest(salt, key): digest(salt, value) for key, value in data.items()}
    except TypeError:
        return {digest(salt, key): b"" for key in data}


def _is_held(data: Mapping[str, object] | None, held: Mapping[str, object] | None) -> bool:
    if not data or held is None:
        return False
    try:
        return all(key in held and digest(b"", value) == digest(b"", held[key]) for key, value in data.items())
    except TypeError:
        return False


def _fields(salt: bytes, command: Command) -> Mapping[str, bytes]:
    if isinstance(command, SetTags):
        return {"tags": digest(salt, sorted((tag.name, tag.value or "") for tag in command.tags))}
    if isinstance(command, Update):
        return {field.value: digest(salt, value) for field, value in wanted_fields(command).items()}
    return {}
