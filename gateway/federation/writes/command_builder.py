"""Builds connector commands from GraphQL intents and resolves people and groups to native ids.

Arguments that intent and command call by the same name are copied; a test compares the two for every verb.
"""

from collections.abc import Sequence
from typing import Any

from connectors.sdk.commands import Command, CreateTask, FlowCommand, StartFlow, TaskCommand
from connectors.sdk.errors import IdentityNotLinkedError, InputError
from connectors.sdk.model import Flow, NativeRef, Task
from gateway.federation.authorization import KnownAccounts, Policy
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.verbs import Verb
from gateway.people import People
from schema.ports import AssignIntent, ClaimIntent, CommentIntent, PersonId, UpdateIntent


class CommandBuilder:
    """Resolves people by the book of people. Accounts that are `known` to be out of use get no task."""

    def __init__(self, people: People, known: KnownAccounts) -> None:
        self._people = people
        self._known = known

    def on_task(self, attempt: Attempt, verb: Verb, task: Task) -> TaskCommand:
        """What the write asks of that task.

        Raises IdentityNotLinkedError for a person without an identity in the source, InputError for a user or group
        of another source, and for an owner whose account is out of use.
        """
        expects_version = attempt.request.expected_version is not None
        command = _build(attempt, verb, task=task, expects_version=expects_version, **self._converted(attempt, task))
        if not isinstance(command, TaskCommand):
            raise TypeError(f"{type(command).__name__} is no command on a task")
        return command

    def on_flow(self, attempt: Attempt, verb: Verb, flow: Flow) -> FlowCommand:
        """What the write asks of that flow."""
        command = _build(attempt, verb, flow=flow)
        if not isinstance(command, FlowCommand):
            raise TypeError(f"{type(command).__name__} is no command on a flow")
        return command

    def creation(self, attempt: Attempt, verb: Verb, flow: Flow | None) -> CreateTask | StartFlow:
        """A new task, within `flow` if there is one, or a new flow."""
        within: dict[str, Any] = {"flow": flow} if verb.command is CreateTask else {}
        command = _build(attempt, verb, **within)
        if not isinstance(command, CreateTask | StartFlow):
            raise TypeError(f"{type(command).__name__} creates nothing")
        return command

    def _converted(self, attempt: Attempt, task: Task) -> dict[str, object]:
        """The arguments of a command that its intent has in another form."""
        source = attempt.source.key
        policy = Policy(attempt.caller, attempt.connector)
        match attempt.request.intent:
            case ClaimIntent():
                return {"actor": policy.identity()}
            case AssignIntent() as intent:
                return {
                    "user_id": None if intent.user is None else self._owner(source, intent.user),
                    "group_id": None if intent.group is None else _group(source, intent.group, "groupId"),
                    # Owners may forward their own tasks: that overrides no other person.
                    "override": intent.override or policy.is_mine(task),
                }
            case UpdateIntent() as intent:
                return {
                    "candidate_users": self._users(source, intent.candidate_users),
                    "candidate_groups": _groups(source, intent.candidate_groups),
                }
            case CommentIntent(text=text) if attempt.connector.settings.acts_as == "service":
                # The vendor shows the service account as the author, so the text names the person.
                author = f"{attempt.caller.name}: "
                return {"text": author + text, "added": len(author)}
            case _:
                return {}

    def _users(self, source: str, people: Sequence[PersonId] | None) -> tuple[str, ...] | None:
        return None if people is None else tuple(self._user(source, user, "candidateUserIds") for user in people)

    def _owner(self, source: str, user: PersonId) -> str:
        native_id = self._user(source, user, "userId")
        if self._known.is_out_of_use(NativeRef(source, native_id)):
            raise InputError("this account is not in use any more; choose another person", field=("userId",))
        return native_id

    def _user(self, source: str, user: PersonId, field: str) -> str:
        if user.ref is not None:
            if user.ref.source != source:
                raise InputError("the user belongs to another source than the task", field=(field,))
            return user.ref.native_id
        person = None if user.key is None else self._people.by_key(user.key)
        identity = None if person is None else person.identity(source)
        if identity is None:
            raise IdentityNotLinkedError("the person is not linked to a user of the task's source")
        return identity.native_id


def shared_arguments(verb: Verb) -> frozenset[str]:
    """The arguments that intent and command call by the same name."""
    return frozenset(verb.intent.__struct_fields__) & frozenset(verb.command.__struct_fields__)


def _build(attempt: Attempt, verb: Verb, **given: Any) -> Command:
    """A command with the arguments `given`, the caller's identity, and those that it shares with the intent."""
    arguments: dict[str, Any] = {name: getattr(attempt.request.intent, name) for name in shared_arguments(verb)}
    return verb.command(**{"actor": attempt.caller.identity(attempt.source.key), **arguments, **given})


def _groups(source: str, groups: Sequence[NativeRef] | None) -> tuple[str, ...] | None:
    return None if groups is None else tuple(_group(source, group, "candidateGroupIds") for group in groups)


def _group(source: str, group: NativeRef, field: str) -> str:
    if group.source != source:
        raise InputError("the group belongs to another source than the task", field=(field,))
    return group.native_id
