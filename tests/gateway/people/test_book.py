from connectors.sdk.caller import Caller, Identity
from connectors.sdk.model import NativeRef
from connectors.sdk.settings import LinkSettings
from gateway.people import People
from gateway.people.book import BookOfPeople
from tests.gateway.people.people import WITHIN, Stage, token

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


async def test_a_request_has_the_accounts_of_its_own_token() -> None:
    """Whatever another token of the same person tells while the request is under way: it may have fewer rights."""
    stage = Stage(north=LinkSettings(id_claim="id", groups_claim="groups"))
    weak = stage.book.signed_in(token("ann"))
    strong = stage.book.signed_in(token("ann", claims={"id": "7", "groups": ["x"]}))
    before = [weak.identity("north"), strong.identity("north")]
    stage.book.signed_in(token("ann"))
    after = [weak.identity("north"), strong.identity("north")]

    assert before == after == [None, Identity(native_id="7", groups=("x",))]
    assert [] == await stage.book.links(weak, within=WITHIN)
    assert ["7"] == [link.identity.native_id for link in await stage.book.links(strong, within=WITHIN)]


async def test_the_last_token_tells_whose_an_account_is() -> None:
    """For tasks that other people see."""
    stage = Stage(north=LinkSettings(id_claim="id"))
    stage.book.signed_in(token("ann", claims={"id": "7"}))
    first = stage.book.by_native_ref(NativeRef("north", "7"))
    stage.book.signed_in(token("ann", claims={"id": "8"}))
    owners = [stage.book.by_native_ref(NativeRef("north", each)) for each in ("7", "8")]

    assert ("ann", [None, "ann"]) == (first and first.key, [owner and owner.key for owner in owners])
