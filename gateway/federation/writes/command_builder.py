"""Intents as commands of one source: people become native users, dates and lists go along."""

from collections.abc import Sequence

from connectors.sdk.commands import (
    AddComment,
    Assign,
    Claim,
    Complete,
    Release,
    Resume,
    Retry,
    SaveDraft,
    SetTags,
    Start,
    Suspend,
    TaskCommand,
    Unassign,
    Update,
)
from connectors.sdk.errors import IdentityNotLinkedError, ValidationFailedError
from connectors.sdk.model import NativeRef, Task
from gateway.federation.authorization import Permission
from gateway.federation.sources import command_type
from gateway.federation.writes.attempt import Write
from gateway.people import People
from schema.ports import PersonId, intents


class Orders:
    """Makes commands; IdentityNotLinkedError for people that the source does not know."""

    def __init__(self, people: People) -> None:
        self._people = people

    def command(self, write: Write, task: Task) -> TaskCommand:
        """What the write asks of that task."""
        source, intent = write.source.key, write.request.intent
        actor = write.caller.identity(source)
        match intent:
            case intents.ClaimIntent():
                return Claim(task=task, actor=Permission(write.caller, write.connector).identity())
            case intents.ReleaseIntent(reason=reason):
                return Release(task=task, actor=actor, reason=reason)
            case intents.UnassignIntent(reason=reason):
                return Unassign(task=task, actor=actor, reason=reason)
            case intents.AssignIntent():
                is_mine = Permission(write.caller, write.connector).is_mine(task)
                return Assign(
                    task=task,
                    actor=actor,
                    user_id=None if intent.user is None else self._user(source, intent.user, "userId"),
                    group_id=None if intent.group is None else _group(source, intent.group, "groupId"),
                    # The owner forwards what is theirs: that is no override of somebody else.
                    override=intent.override or is_mine,
                    keep_group=intent.keep_group,
                    reason=intent.reason,
                    options=intent.options,
                )
            case intents.StartIntent(reason=reason):
                return Start(task=task, actor=actor, reason=reason)
            case intents.SuspendIntent(reason=reason):
                return Suspend(task=task, actor=actor, reason=reason)
            case intents.ResumeIntent(reason=reason):
                return Resume(task=task, actor=actor, reason=reason)
            case intents.RetryIntent(reason=reason):
                return Retry(task=task, actor=actor, reason=reason)
            case intents.UpdateIntent():
                return Update(
                    task=task,
                    actor=actor,
                    title=intent.title,
                    description=intent.description,
                    due_at=intent.due_at,
                    follow_up_at=intent.follow_up_at,
                    priority=intent.priority,
                    candidate_users=self._users(source, intent.candidate_users),
                    candidate_groups=_groups(source, intent.candidate_groups),
                    clear=intent.clear,
                    options=intent.options,
                )
            case intents.TagIntent(tags=tags):
                return SetTags(task=task, actor=actor, tags=tags)
            case intents.SaveDraftIntent(data=data):
                return SaveDraft(task=task, actor=actor, data=data)
            case intents.CommentIntent(text=text):
                return AddComment(task=task, actor=actor, text=_signed(write, text))
            case intents.CompleteIntent():
                return Complete(
                    task=task, actor=actor, outcome=intent.outcome, data=intent.data, comment=intent.comment
                )
            case intents.CancelIntent(reason=reason):
                wanted = command_type(write.connector, intent)
                if not issubclass(wanted, TaskCommand):
                    raise TypeError(f"{wanted.__name__} is no command on a task")
                return wanted(task=task, actor=actor, reason=reason)
            case other:
                raise TypeError(f"no command for {type(other).__name__}")

    def _users(self, source: str, people: Sequence[PersonId] | None) -> tuple[str, ...] | None:
        return None if people is None else tuple(self._user(source, user, "candidateUserIds") for user in people)

    def _user(self, source: str, user: PersonId, field: str) -> str:
        if user.ref is not None:
            if user.ref.source != source:
                raise ValidationFailedError("the user belongs to another system than the task", field=(field,))
            return user.ref.native_id
        person = None if user.key is None else self._people.by_key(user.key)
        identity = None if person is None else person.identity(source)
        if identity is None:
            raise IdentityNotLinkedError("that person is not linked to a user of the task's system")
        return identity.native_id


def _groups(source: str, groups: Sequence[NativeRef] | None) -> tuple[str, ...] | None:
    return None if groups is None else tuple(_group(source, group, "candidateGroupIds") for group in groups)


def _group(source: str, group: NativeRef, field: str) -> str:
    if group.source != source:
        raise ValidationFailedError("the group belongs to another system than the task", field=(field,))
    return group.native_id


def _signed(write: Write, text: str) -> str:
    """The vendor would show our account as the author: the person's name goes into the text."""
    return f"{write.caller.name}: {text}" if write.connector.settings.acts_as == "service" else text
