"""Rules link people to accounts: which one wins, and when there is no link."""

from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from connectors.sdk.caller import Caller
from connectors.sdk.connector_info import DirectoryFact
from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import Group, NativeRef
from connectors.sdk.settings import LinkSettings
from gateway.people import Person
from schema.ports import LinkedBy
from tests.gateway.people.people import ISSUER, WITHIN, Stage, account, configured, token

BY_MAIL = LinkSettings(match="email")
SOURCES = ("north", "south", "west", "east")
ALL_RULES = LinkSettings(id_claim="ids.north", username_claim="login", match="email")


def with_groups(key: str, *groups: str) -> Person:
    return Person(caller=Caller(key=key, name=key.title(), groups=groups, identities={}))


async def test_the_first_rule_that_finds_an_account_wins() -> None:
    """The configuration, then the claim with the id, then the claim with the user name, then the mail address."""
    stage = Stage([configured("alice", north="from-config")], north=ALL_RULES)
    stage.accounts["north"] = [
        account("by-mail", "bob@example.com"),
        account("by-name", "other@example.com", username="Bob.K"),
    ]
    claims: dict[str, Any] = {"ids": {"north": 4711}, "login": "bob.k"}
    alice = stage.book.signed_in(token("alice", claims=claims))
    found = [await stage.identity(alice, "north")]
    for has in ({"ids", "login"}, {"login"}, set[str]()):
        bob = stage.book.signed_in(token("bob", claims={name: claims[name] for name in has}))
        found.append(await stage.identity(bob, "north"))

    assert ["from-config", "4711", "by-name", "by-mail"] == found


async def test_a_link_says_which_rule_made_it() -> None:
    """In GraphQL `linkedBy`; all of them are verified."""
    stage = Stage([configured("alice", north="a1")], north=ALL_RULES, south=BY_MAIL)
    stage.accounts["south"] = [account("7", "alice@example.com", username="amoreno")]
    alice = stage.book.signed_in(token("alice"))

    links = await stage.book.links(alice, within=WITHIN)

    assert [("north", "a1", LinkedBy.CONFIG, True), ("south", "7", LinkedBy.EMAIL_MATCH, True)] == [
        (link.source, link.identity.native_id, link.linked_by, link.verified) for link in links
    ]
    assert ("amoreno", "alice@example.com") == (links[1].identity.username, links[1].identity.email)


async def test_a_user_name_is_the_id_where_ids_are_user_names() -> None:
    """Nothing is looked up: such a directory may be empty. The case of the name is kept."""
    stage = Stage(north=LinkSettings(username_claim="login"), facts=frozenset(DirectoryFact))
    bob = stage.book.signed_in(token("bob", claims={"login": "Bob.K"}))

    assert ("Bob.K", []) == (await stage.identity(bob, "north"), stage.reads)
    assert bob == stage.book.by_native_ref(NativeRef("north", "Bob.K"))
    assert stage.book.by_native_ref(NativeRef("north", "bob.k")) is None


@pytest.mark.parametrize(
    "value",
    [None, "", True, 1.5, ["bob"], {"id": "bob"}, "b\nob", "x" * 257, 10**400],
    ids=lambda value: str(value)[:9],
)
async def test_a_claim_that_is_no_name_links_no_account(value: object) -> None:
    """Texts of a line, and whole numbers, are names."""
    stage = Stage(north=LinkSettings(id_claim="id"))
    bob = stage.book.signed_in(token("bob", claims={"id": value}))

    assert await stage.identity(bob, "north") is None


async def test_a_claim_may_have_dots_in_its_name() -> None:
    """The claim with exactly that name comes before a member of another claim."""
    name = "https://example.com/uid"
    stage = Stage(north=LinkSettings(id_claim=name))

    assert "u1" == await stage.identity(stage.book.signed_in(token("bob", claims={name: "u1"})), "north")


async def test_mail_addresses_are_compared_in_lower_case() -> None:
    """Of accounts in use; technical ones are no person's."""
    stage = Stage(north=BY_MAIL)
    stage.accounts["north"] = [
        account("old", "bob@example.com", is_active=False),
        account("robot", "bob@example.com", is_service=True),
        account("bob", " Bob@Example.COM"),
    ]

    assert "bob" == await stage.identity(stage.book.signed_in(token("bob")), "north")


async def test_a_lower_case_that_is_another_address_links_no_account() -> None:
    """The Kelvin sign becomes a plain k."""
    stage = Stage(north=BY_MAIL)
    stage.accounts["north"] = [account("kim", "kim@example.com")]

    assert await stage.identity(stage.book.signed_in(token("x", email="\u212aim@example.com")), "north") is None


async def test_two_accounts_in_use_for_one_address_are_no_link() -> None:
    """The log names the accounts, and not the address."""
    stage = Stage(north=BY_MAIL)
    stage.accounts["north"] = [account("b1", "bob@example.com"), account("b2", "bob@example.com")]
    bob = stage.book.signed_in(token("bob"))

    with capture_logs() as logs:
        found = [await stage.identity(bob, "north") for _ in range(3)]

    assert [None] * 3 == found
    assert [("no link", ["b1", "b2"], ["bob"])] == [(log["event"], log["accounts"], log["people"]) for log in logs]
    assert stage.book.by_native_ref(NativeRef("north", "b1")) is None


async def test_one_account_for_two_people_is_no_link() -> None:
    """Also where different rules find it. A third person is not affected."""
    stage = Stage(north=ALL_RULES)
    stage.accounts["north"] = [account("b1", "bob@example.com"), account("c1", "carol@example.com")]
    bob, carol = stage.book.signed_in(token("bob")), stage.book.signed_in(token("carol"))
    before = await stage.identity(bob, "north")
    with capture_logs() as logs:
        eve = stage.book.signed_in(token("eve", claims={"ids": {"north": "b1"}}))
        after = [await stage.identity(person, "north") for person in (bob, eve, carol)]

    assert ("b1", [None, None, "c1"]) == (before, after)
    assert {("bob", "eve")} == {tuple(log["people"]) for log in logs}
    assert stage.book.by_native_ref(NativeRef("north", "b1")) is None


async def test_an_account_of_the_configuration_is_no_other_persons() -> None:
    """Whatever the token says."""
    stage = Stage([configured("alice", north="a1")], north=ALL_RULES)
    eve = stage.book.signed_in(token("eve", claims={"ids": {"north": "a1"}}))

    assert await stage.identity(eve, "north") is None
    found = stage.book.by_native_ref(NativeRef("north", "a1"))
    assert found is not None
    assert "alice" == found.key


async def test_a_user_who_was_made_anew_at_the_provider_has_the_account_after_a_day() -> None:
    """Until then there are two people for it. Never both."""
    stage = Stage(north=LinkSettings(id_claim="id"))
    old = stage.book.signed_in(token("bob", claims={"id": "b1"}))
    new = stage.book.signed_in(token("bob-2", claims={"id": "b1"}))
    at_first = [old.identity("north"), new.identity("north")]
    stage.time += 100_000
    both_old = [old.identity("north"), new.identity("north")]
    new = stage.book.signed_in(token("bob-2", claims={"id": "b1"}))

    assert [None] * 4 == [*at_first, *both_old]
    assert ("b1", None) == (await stage.identity(new, "north"), await stage.identity(old, "north"))
    assert new == stage.book.by_native_ref(NativeRef("north", "b1"))


async def test_a_link_by_mail_is_dropped_when_the_address_changes_in_the_directory() -> None:
    """With the next look at the directory."""
    stage = Stage(north=BY_MAIL)
    stage.accounts["north"] = [account("b1", "bob@example.com")]
    bob = stage.book.signed_in(token("bob"))
    before = await stage.identity(bob, "north")
    stage.accounts["north"] = [account("b1", "robert@example.com")]
    kept = await stage.identity(bob, "north")
    stage.time += 301

    assert ("b1", "b1", None) == (before, kept, await stage.identity(bob, "north"))


async def test_an_address_without_proof_is_a_candidate_and_no_link() -> None:
    """It is shown, and stands in the way of no other person."""
    stage = Stage(north=BY_MAIL)
    stage.accounts["north"] = [account("b1", "bob@example.com")]
    eve = stage.book.signed_in(token("eve", email="bob@example.com", proved=False))
    bob = stage.book.signed_in(token("bob"))

    candidates = await stage.book.links(eve, within=WITHIN)

    assert [("b1", False)] == [(link.identity.native_id, link.verified) for link in candidates]
    assert (None, "b1") == (await stage.identity(eve, "north"), await stage.identity(bob, "north"))
    assert ([], ["north"]) == (list(eve.identities), list(bob.identities))


async def test_a_directory_that_fails_is_unavailable_and_not_no_link() -> None:
    """It is not asked again at once. Who needs no directory is not affected."""
    stage = Stage(north=ALL_RULES)
    stage.failure = UnavailableError("secret text of the vendor", native_status=503)
    bob = stage.book.signed_in(token("bob"))
    carol = stage.book.signed_in(token("carol", claims={"ids": {"north": "c1"}}))
    for _ in range(2):
        with pytest.raises(UnavailableError, match="directory of this source could not be read") as raised:
            await stage.identity(bob, "north")

    assert "secret" not in str(raised.value)
    assert (["north"], "c1", []) == (
        stage.reads,
        await stage.identity(carol, "north"),
        await stage.book.links(bob, within=WITHIN),
    )
    stage.failure, stage.time = None, 6.0
    assert await stage.identity(bob, "north") is None


async def test_a_directory_that_is_not_whole_links_no_address() -> None:
    """The same address may stand in the rest."""
    stage = Stage(north=BY_MAIL)
    stage.accounts["north"], stage.is_whole = [account("b1", "bob@example.com")], False
    bob = stage.book.signed_in(token("bob"))

    with pytest.raises(UnavailableError, match="not shown whole"):
        await stage.identity(bob, "north")
    assert bob.identity("north") is None


async def test_all_who_need_a_directory_wait_for_one_read_of_it() -> None:
    """Each as long as they may. The read goes on when they have given up."""
    stage = Stage(north=BY_MAIL)
    stage.accounts["north"], stage.gate = [account("b1", "bob@example.com")], anyio.Event()
    bob = stage.book.signed_in(token("bob"))
    with pytest.raises(UnavailableError, match="not read in time"):
        await stage.book.resolve(bob, "north", within=0)
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(stage.identity, bob, "north")
        await anyio.lowlevel.checkpoint()
        stage.gate.set()

    assert (["north"], "b1") == (stage.reads, await stage.identity(bob, "north"))


async def test_groups_are_the_persons_own_or_translated_or_the_directorys() -> None:
    """Those of `[[people]]` stay as they are configured. Groups that the table does not list are left out."""
    stage = Stage(
        north=LinkSettings(id_claim="id"),
        south=LinkSettings(id_claim="id", groups_claim="teams", group_names={"/fin": "Finance"}),
        west=LinkSettings(id_claim="id", groups_claim="teams"),
        east=LinkSettings(id_claim="id", groups="directory"),
    )
    stage.groups["east"] = {"b1": (Group(native_id="g7", name="Invoices", aliases=("g7", "INV")),)}
    bob = stage.book.signed_in(
        token("bob", groups=("staff",), claims={"id": "b1", "teams": ["/fin", "/fin", 5, None, "Accounting"]})
    )
    for source in ("north", "south", "west", "east"):
        await stage.book.resolve(bob, source, within=WITHIN)

    assert {
        "north": ("staff",),
        "south": ("Finance",),
        "west": ("/fin", "5", "Accounting"),
        "east": ("g7", "Invoices"),
    } == {source: identity.groups for source, identity in bob.identities.items()}
    assert [None, None, None, ("g7",)] == [identity.group_ids for identity in bob.identities.values()]


async def test_claims_of_an_issuer_that_a_source_does_not_name_mean_nothing_there() -> None:
    """Two providers have users and groups of the same names. Proved addresses, and what the operator says, hold."""
    stage = Stage(
        [with_groups("eva", "legal")],
        north=LinkSettings(id_claim="id", issuers=(ISSUER,)),
        south=LinkSettings(username_claim="login", match="email", issuers=(ISSUER,)),
        west=LinkSettings(match="email", groups_claim="teams", issuers=(ISSUER,)),
        east=LinkSettings(id_claim="id", issuers=(ISSUER, "https://partner.org")),
    )
    for source in ("south", "west"):
        stage.accounts[source] = [
            account("x1", "x@partner.org"),
            account("e1", "e@partner.org"),
            account("c1", username="carol"),
        ]
    claims = {"id": "c1", "login": "carol", "teams": ["finance"]}
    more: dict[str, Any] = {"issuer": "https://partner.org", "groups": ("staff",)}
    stranger = stage.book.signed_in(token("partner-carol", email="x@partner.org", claims=claims, **more))
    eva = stage.book.signed_in(token("eva", email="e@partner.org", claims={**claims, "id": "e1"}, **more))
    own = stage.book.signed_in(token("ann", groups=("staff",), claims={**claims, "id": "a1", "login": "ann"}))

    assert [None, "x1", "x1", "c1"] == [await stage.identity(stranger, each) for each in SOURCES]
    assert [(), (), ("staff",)] == [stranger.identities[each].groups for each in ("south", "west", "east")]
    assert [("legal",), ()] == [eva.identities[each].groups for each in ("south", "west")]
    assert ("a1", ("staff",)) == (await stage.identity(own, "north"), own.identities["north"].groups)


async def test_a_token_means_the_entry_of_the_configuration_with_its_key_or_subject() -> None:
    """The entry's name, address and groups win; the roles of both hold."""
    stage = Stage(
        [configured("alice", "a@example.com", north="a1"), configured("bob", subject=f"{ISSUER}|sub-7")], north=BY_MAIL
    )
    stage.accounts["north"] = [account("b1", "b@example.com")]
    alice = stage.book.signed_in(token("alice", roles=frozenset({"task_admin"}), groups=("staff",)))
    bob = stage.book.signed_in(token("x9", subject="sub-7", email="b@example.com", name="Robert"))
    new = stage.book.signed_in(token("sub-7", name="New"))
    other = stage.book.signed_in(token("bob", name="Another Bob", roles=frozenset({"task_admin"})))

    assert ("alice", "a@example.com", ("staff",), True) == (alice.key, alice.email, alice.groups, alice.is_task_admin)
    assert ("bob", "Bob", "b1") == (bob.key, bob.name, await stage.identity(bob, "north"))
    assert ("sub-7", "New") == (new.key, new.name)
    # The entry names another subject.
    assert (f"{ISSUER}|sub-bob", "Another Bob") == (other.key, other.name)
    assert ["alice", "bob", "sub-7", other.key] == [person.key for person in stage.book.all()]
    assert [False] == [person.is_task_admin for person in stage.book.all() if person.key == "bob"]


@pytest.mark.parametrize("chosen", [f"{ISSUER}|s-2", "https://partner.org|s-2"])
async def test_no_key_that_people_choose_is_that_of_a_person_by_subject(chosen: str) -> None:
    """Bob's entry names another subject than that of the new bob, who is known by issuer and subject."""
    stage = Stage([configured("bob", subject=f"{ISSUER}|s-1")], north=BY_MAIL)
    issuer = chosen.partition("|")[0]
    new = stage.book.signed_in(token("bob", subject="s-2", issuer=issuer))
    stranger = stage.book.signed_in(token(chosen, subject="s-3", name="Eve"))

    assert (chosen, f"{ISSUER}|s-3") == (new.key, stranger.key)
    assert ("Bob", "Eve") == tuple(person.name for person in (new, stranger))


async def test_a_machine_has_nothing_of_the_tokens_of_its_person() -> None:
    """Its key says who it is, and no provider says that those roles, groups and accounts hold now."""
    rules = LinkSettings(id_claim="id", match="email")
    stage = Stage([configured("alice", "a@example.com", west="w1")], north=rules, west=rules)
    stage.accounts["north"] = [account("a1", "a@example.com")]
    stage.book.signed_in(token("alice", roles=frozenset({"task_admin"}), groups=("staff",), claims={"id": "chief"}))
    machine = stage.book.as_configured("alice")
    assert machine is not None
    before = stage.book.is_resolved(machine, "north")

    assert (False, "a1", "w1") == (
        before,
        await stage.identity(machine, "north"),
        await stage.identity(machine, "west"),
    )
    assert (False, (), ()) == (machine.is_task_admin, machine.groups, machine.identities["north"].groups)
    assert ["a1", "w1"] == sorted(link.identity.native_id for link in await stage.book.links(machine, within=WITHIN))
    alice = stage.book.by_key("alice")
    assert alice is not None
    assert (True, "chief") == (alice.is_task_admin, await stage.identity(alice, "north"))


async def test_an_address_in_the_configuration_is_the_operators_word() -> None:
    """People without a token are linked by it, too."""
    stage = Stage([configured("alice", "a@example.com")], north=BY_MAIL)
    stage.accounts["north"] = [account("a1", "a@example.com")]
    alice = stage.book.by_key("alice")

    assert alice is not None
    assert "a1" == await stage.identity(alice, "north")


async def test_those_who_signed_in_longest_ago_are_forgotten_first() -> None:
    """Never a person of the configuration; what their last token said is."""
    stage = Stage([configured("alice", north="a1")], north=LinkSettings(id_claim="id"), most=2)
    for key in ("alice", "bob", "carol", "bob", "dan"):
        stage.book.signed_in(token(key, claims={"id": key}, groups=("staff",)))
    alice = stage.book.by_key("alice")

    assert ["alice", "bob", "dan"] == sorted(person.key for person in stage.book.all())
    assert stage.book.by_native_ref(NativeRef("north", "carol")) is None
    assert alice is not None
    assert () == alice.groups


async def test_what_earlier_tokens_said_is_not_kept() -> None:
    """Neither for links nor in memory."""
    stage = Stage(north=ALL_RULES)
    for number in range(50):
        bob = stage.book.signed_in(
            token("bob", email=f"bob{number}@example.com", claims={"ids": {"north": number}, "login": f"bob{number}"})
        )

    assert ("49", {"bob"}) == (await stage.identity(bob, "north"), {person.key for person in stage.book.all()})
    assert stage.book.by_native_ref(NativeRef("north", "1")) is None
    assert [1, 1, 1] == [len(index) for index in (stage.book._by_ref, stage.book._by_user_name, stage.book._by_address)]


def test_an_address_that_is_not_proved_is_not_shown_as_the_persons() -> None:
    """Neither in lists of users nor as what a search finds: work could be given to a person who wrote another's address."""
    book = Stage().book
    book.signed_in(token("mallory", email="alice@example.com", proved=False))
    before = [person.email for person in book.find("mallory")], list(book.find("alice@example.com"))
    book.signed_in(token("mallory", email="alice@example.com"))

    assert ([None], []) == before
    assert ["alice@example.com"] == [person.email for person in book.find("alice@example.com")]
