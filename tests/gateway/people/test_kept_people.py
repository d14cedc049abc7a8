"""People are known after a restart, as their last token told."""

from collections.abc import Sequence

import pytest

from connectors.sdk.connector_info import DirectoryFact
from connectors.sdk.model import NativeRef
from connectors.sdk.settings import LinkSettings
from gateway.people import Person, SourceRules
from gateway.people.book import BookOfPeople
from gateway.people.kept_people import NOTED_EVERY, KeptPeople, terms_of
from tests.gateway.people.people import configured, token

RULES = {
    "north": SourceRules(
        settings=LinkSettings(username_claim="login", groups_claim="groups"),
        facts=frozenset({DirectoryFact.NAMES_AS_IDS}),
    )
}
ANN = NativeRef("north", "ann.k")


class Store:
    """In memory."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[float, bytes]] = {}
        self.times = 0

    async def people(self) -> Sequence[tuple[str, float, bytes]]:
        return sorted(((key, *row) for key, row in self.rows.items()), key=lambda row: row[1])

    def keep_person(self, key: str, seen_at: float, record: bytes) -> None:
        self.times += 1
        self.rows[key] = (seen_at, record)


class Process:
    """One run of the gateway over `store`, whose clock starts with 0."""

    def __init__(self, store: Store, *, at: float = 0.0, people: Sequence[Person] = (), terms: bytes = b"t") -> None:
        self.wall, self.clock = at, 0.0
        self.kept = KeptPeople(store, terms=terms, now=lambda: self.wall, monotonic=lambda: self.clock)
        self.book = BookOfPeople(people, rules=RULES, kept=self.kept, now=lambda: self.clock)

    async def begun(self) -> "Process":
        for told in await self.kept.known():
            self.book.restore(told)
        return self

    def later(self, seconds: float) -> None:
        self.wall += seconds
        self.clock += seconds


def sign_in(process: Process, login: str = "ann.k", key: str = "ann") -> None:
    process.book.signed_in(token(key, claims={"login": login, "groups": ["x", "y"]}, roles=frozenset({"task_admin"})))


async def test_a_person_is_known_after_a_restart() -> None:
    """With the same account and groups there; the account is theirs before they sign in again."""
    store = Store()
    before = Process(store)
    sign_in(before)
    after = await Process(store, at=60).begun()

    people = [each.book.by_key("ann") for each in (before, after)]
    told = [
        (one.name, one.email, one.issuer, one.roles, one.identity("north")) if one is not None else None
        for one in people
    ]
    assert told[0] == told[1]
    assert told[1] is not None
    owner = after.book.by_native_ref(ANN)
    assert ("ann", ("x", "y")) == (owner and owner.key, told[1][4] and told[1][4].groups)


async def test_under_another_configuration_only_key_and_name_are_known() -> None:
    """A rule that has changed may give the account to another person."""
    store = Store()
    sign_in(Process(store))
    after = await Process(store, terms=b"other").begun()

    found = after.book.by_key("ann")
    assert found is not None
    assert ("Ann", None, frozenset(), None, None) == (
        found.name,
        found.email,
        found.roles,
        found.identity("north"),
        after.book.by_native_ref(ANN),
    )


async def test_what_the_configuration_says_of_a_person_is_taken_from_it() -> None:
    """As it is now, and not as it was."""
    store = Store()
    sign_in(Process(store, people=[configured("ann", "old@example.com")]))
    after = await Process(store, people=[configured("ann", "new@example.com")]).begun()

    found = after.book.by_key("ann")
    assert "new@example.com" == (found and found.email)


async def test_two_people_with_one_account_stand_in_each_others_way_for_a_day_of_the_wall_clock() -> None:
    """Also if the gateway was restarted meanwhile."""
    store = Store()
    sign_in(Process(store))
    owners = []
    for hours in (23, 25):
        process = await Process(store, at=hours * 3600).begun()
        sign_in(process, key="ben")
        owner = process.book.by_native_ref(ANN)
        owners.append(owner and owner.key)
        del store.rows["ben"]

    assert [None, "ben"] == owners


async def test_a_sign_in_that_tells_nothing_new_is_noted_once_an_hour() -> None:
    """Requests cost no writes."""
    store = Store()
    process = Process(store)
    for _ in range(3):
        sign_in(process)
        process.later(1)
    once = store.times
    sign_in(process, login="ann.new")
    process.later(NOTED_EVERY)
    sign_in(process, login="ann.new")

    assert (1, 3, NOTED_EVERY + 3) == (once, store.times, store.rows["ann"][0])


async def test_records_that_cannot_be_read_are_left_out() -> None:
    """Another version wrote them, or the file is damaged."""
    store = Store()
    sign_in(Process(store))
    store.rows |= {"bad": (1.0, b"\xff"), "short": (2.0, b"\x91\x01")}
    after = await Process(store).begun()

    assert ["ann"] == [person.key for person in after.book.all()]


@pytest.mark.parametrize(
    "other",
    [
        (["{}", "{}"], RULES, ()),
        (["{}"], {"north": SourceRules(settings=LinkSettings(id_claim="id"))}, ()),
        (["{}"], {}, ()),
        (["{}"], RULES, [configured("ann", subject="https://a|1")]),
    ],
)
def test_terms_are_issuers_rules_and_the_keys_of_people(
    other: tuple[Sequence[str], dict[str, SourceRules], Sequence[Person]],
) -> None:
    """Each of them decides what a token means."""
    assert terms_of(["{}"], RULES, ()) == terms_of(["{}"], dict(RULES), ())
    assert terms_of(["{}"], RULES, ()) != terms_of(*other)
