"""Intents to commands: people, groups, texts."""

from collections.abc import Sequence
from typing import get_type_hints

from connectors.sdk import commands
from connectors.sdk.commands import MutationStatus, UpdateField
from connectors.sdk.connector_info import Listing
from connectors.sdk.model import NativeRef, TaskPriority, User, UserRef
from gateway.federation.authorization import KnownAccounts
from gateway.federation.writes.command_builder import shared_arguments
from gateway.federation.writes.verbs import VERBS
from gateway.people.book import BookOfPeople
from schema.ports import AssignIntent, CancelIntent, CommentIntent, CompleteIntent, PersonId, UpdateIntent
from tests.gateway.federation.memory_source import federation, task
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import ALICE, CAROL, DUE, PEOPLE, codes, perform


async def test_an_update_changes_given_fields_and_clears_named_ones() -> None:
    """People become native users. Absent fields stay unchanged."""
    north = RichConnector("north", [task("north", "1", due_at=DUE, title="Old")])
    sources = federation(north, people=PEOPLE)

    result = await perform(
        sources,
        UpdateIntent(
            priority=TaskPriority.CRITICAL,
            candidate_users=(PersonId(key="bob"), PersonId(ref=NativeRef("north", "zoe"))),
            candidate_groups=(),
            clear=frozenset({UpdateField.DUE_AT}),
        ),
        CAROL,
    )

    assert result.task is not None
    assert (MutationStatus.APPLIED, "Old", None, TaskPriority.CRITICAL) == (
        result.status,
        result.task.title,
        result.task.due_at,
        result.task.priority,
    )
    assert ((UserRef(native_id="bob"), UserRef(native_id="zoe")), ()) == (
        result.task.candidate_users,
        result.task.candidate_groups,
    )


async def test_a_user_of_another_source_is_no_candidate() -> None:
    """Nothing is sent."""
    north = RichConnector("north", [task("north", "1")])
    stranger = PersonId(ref=NativeRef("south", "zoe"))

    result = await perform(federation(north, people=PEOPLE), UpdateIntent(candidate_users=(stranger,)), CAROL)

    assert (["VALIDATION_FAILED"], ("candidateUserIds",), []) == (
        codes(result),
        result.problems[0].field,
        north.writes,
    )


async def test_a_comment_carries_the_name_of_its_author() -> None:
    """The vendor would show the service account."""
    north = RichConnector("north", [task("north", "1", owner="alice")])

    await perform(federation(north, people=PEOPLE), CommentIntent(text="Well"), ALICE)

    assert ["Alice: Well"] == north.comments


def test_arguments_of_commands_come_from_their_intents() -> None:
    """With the same name and type, or converted. No argument that a client sent is dropped."""
    converted = {
        commands.Claim: {"actor"},
        commands.Assign: {"user_id", "group_id", "override"},
        commands.Update: {"candidate_users", "candidate_groups"},
        commands.AddComment: {"text", "added"},
        commands.Complete: {"given", "is_ready"},
        commands.SaveDraft: {"given"},
        commands.CreateTask: {"flow"},
    }
    consumed = {AssignIntent: {"user", "group"}, CancelIntent: {"allow"}, CompleteIntent: {"claim_if_needed"}}
    for verb in VERBS:
        shared = shared_arguments(verb)
        of_intent, of_command = get_type_hints(verb.intent), get_type_hints(verb.command)
        own = converted.get(verb.command, set())

        assert set(verb.command.__struct_fields__) == shared | own | {"actor", "reason"} | (
            {"task", "flow", "expects_version"} & set(verb.command.__struct_fields__)
        )
        assert set(verb.intent.__struct_fields__) == shared | consumed.get(verb.intent, set())
        assert [] == [name for name in shared - own if of_intent[name] != of_command[name]]


async def test_an_account_out_of_use_gets_no_task() -> None:
    """Once its directory said so, and until it says otherwise; nothing is sent."""

    class Directory(RichConnector):
        listings = frozenset({Listing.USERS})
        is_active = False

        async def get_users(self, ids: Sequence[str]) -> dict[str, User]:
            return {one: User(native_id=one, is_active=self.is_active) for one in ids}

    north = Directory("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE)
    zoe = NativeRef("north", "zoe")
    intent = AssignIntent(user=PersonId(ref=zoe))
    await sources.get_users([zoe])

    refused = await perform(sources, intent, CAROL)

    assert (["VALIDATION_FAILED"], ("userId",), []) == (codes(refused), refused.problems[0].field, north.writes)


def test_what_is_known_of_accounts_is_bounded_and_grows_old() -> None:
    """The oldest name is forgotten; an account back in use, or asked about long ago, gets tasks again."""
    now = [0.0]
    known = KnownAccounts(BookOfPeople(()), most=2, monotonic=lambda: now[0])
    refs = [NativeRef("north", str(number)) for number in range(3)]
    for ref in refs:
        known.note_task(task("north", "1", assignees=(UserRef(native_id=ref.native_id, name=f"Name {ref.native_id}"),)))
    known.note_accounts("north", [User(native_id="0", is_active=False), User(native_id="1", is_active=False)])

    assert [None, "Name 1", "Name 2"] == [user and user.name for user in map(known.named, refs)]
    assert [True, True, False] == [known.is_out_of_use(ref) for ref in refs]

    known.note_accounts("north", [User(native_id="0", is_active=True)])
    assert [False, True] == [known.is_out_of_use(ref) for ref in refs[:2]]

    now[0] = 901.0
    assert not known.is_out_of_use(refs[1])
