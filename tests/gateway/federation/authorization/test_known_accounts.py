"""Names for texts, and for records that a write left."""

from connectors.sdk.model import GroupRef, UserRef
from gateway.federation.authorization import KnownAccounts
from gateway.people.book import BookOfPeople
from tests.gateway.federation.memory_source import task
from tests.gateway.federation.write_requests import PEOPLE


def test_a_name_is_the_records_then_the_persons_then_one_read_before() -> None:
    """Of the same source; a native id is no name."""
    known = KnownAccounts(BookOfPeople(PEOPLE))
    known.note_task(
        task("north", "1", candidate_users=(UserRef(native_id="7", name="Robin"), UserRef(native_id="8", name="8")))
    )
    asked = [
        ("north", "7", "In record"),
        ("north", "bob", None),
        ("north", "7", None),
        ("south", "7", None),
        ("north", "8", None),
    ]

    assert ["In record", "Bob", "Robin", None, None] == [
        known.name_of(source, UserRef(native_id=id, name=name)) for source, id, name in asked
    ]


def test_a_record_gets_the_names_that_are_known() -> None:
    """Members that the vendor does not have stay null."""
    known = KnownAccounts(BookOfPeople(()), most=2)
    known.note_task(
        task("north", "1", candidate_groups=tuple(GroupRef(native_id=id, name=f"Group {id}") for id in "123"))
    )
    record = task("north", "2", owner="x", candidate_groups=tuple(GroupRef(native_id=id) for id in "13"))

    shown = known.completed(record)

    assert [None, "Group 3"] == [group.name for group in shown.candidate_groups or ()]
    assert (None, None) == (shown.candidate_users, shown.assignees[0].name)
