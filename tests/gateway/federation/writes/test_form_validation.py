"""Outcomes and form data against the form."""

import pytest

from connectors.sdk.commands import MutationStatus
from connectors.sdk.model import TaskOutcome
from schema.ports import CompleteIntent, SaveDraftIntent
from tests.gateway.federation.memory_source import FORM, MemoryConnector, federation, task
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import ALICE, PEOPLE, codes, perform


@pytest.mark.parametrize(
    ("intent", "field"),
    [
        (CompleteIntent(outcome="sent"), ("data", "email")),
        (CompleteIntent(outcome="sent", data={"email": 5}), ("data", "email")),
        (CompleteIntent(outcome="sent", data={"email": "a@b", "amount": "much"}), ("data", "amount")),
        (CompleteIntent(outcome="sent", data={"email": "a@b", "colour": "red"}), ("data", "colour")),
        (CompleteIntent(outcome="burnt", data={"email": "a@b"}), ("outcome",)),
        (CompleteIntent(data={"email": "a@b"}), ("outcome",)),
    ],
)
async def test_bad_form_data_names_the_field_and_is_not_sent(intent: CompleteIntent, field: tuple[str, ...]) -> None:
    """Required fields are checked first, then types, unknown keys and outcomes."""
    north = MemoryConnector("north", [task("north", "1", owner="alice")])
    north.form, north.outcomes = FORM, (TaskOutcome(code="sent"),)

    result = await perform(federation(north, people=PEOPLE), intent, ALICE)

    assert (["VALIDATION_FAILED"], field, []) == (codes(result), result.problems[0].field, north.writes)


async def test_a_draft_may_lack_required_fields_but_not_have_a_wrong_type() -> None:
    """It is checked against the form before it is sent."""
    north = RichConnector("north", [task("north", "1", owner="alice")])
    north.form = FORM
    sources = federation(north, people=PEOPLE)

    kept = await perform(sources, SaveDraftIntent(data={"amount": 5}), ALICE)
    wrong = await perform(sources, SaveDraftIntent(data={"amount": "much"}), ALICE)

    assert (MutationStatus.APPLIED, ["VALIDATION_FAILED"]) == (kept.status, codes(wrong))


async def test_where_a_task_names_no_outcomes_any_is_sent() -> None:
    """The vendor has no list of them, and none is configured. One is not demanded either."""
    tasks = [task("north", "1", owner="alice"), task("north", "2", owner="alice")]
    north = MemoryConnector("north", tasks)
    sources = federation(north, people=PEOPLE)

    given = await perform(sources, CompleteIntent(outcome="whatever"), ALICE)
    without = await perform(sources, CompleteIntent(), ALICE, target=tasks[1].ref)

    assert [MutationStatus.APPLIED] * 2 == [given.status, without.status]
    assert ["complete", "complete"] == north.writes
