from connectors.sdk.caller import Caller, Identity
from connectors.sdk.model import NativeRef
from gateway.people import People
from gateway.people.book import BookOfPeople

ALICE = Caller(
    key="alice",
    name="Alice Moreno",
    identities={"north": Identity(native_id="a1"), "south": Identity(native_id="17")},
)
BOB = Caller(key="bob", name="Bob Keller", identities={"north": Identity(native_id="17")})
PEOPLE: People = BookOfPeople([ALICE, BOB])


def test_a_person_is_found_by_key() -> None:
    """Upper and lower case differ."""

    assert (ALICE, BOB, None) == (PEOPLE.by_key("alice"), PEOPLE.by_key("bob"), PEOPLE.by_key("Alice"))


def test_a_person_is_found_by_an_account_in_any_source() -> None:
    """The same native id in another source is another account."""
    found = [PEOPLE.by_native_ref(NativeRef(*ref)) for ref in (("north", "a1"), ("south", "17"), ("north", "17"))]

    assert [ALICE, ALICE, BOB] == found
    assert PEOPLE.by_native_ref(NativeRef("south", "a1")) is None


def test_all_are_in_the_order_of_the_configuration() -> None:
    """Each person once, for any number of identities."""

    assert [ALICE, BOB] == list(PEOPLE.all())


def test_there_may_be_no_people() -> None:
    """A gateway without `[[people]]`."""

    assert [] == list(BookOfPeople().all())
