"""New tasks and flows."""

import pytest

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import MalformedResponseError, UnavailableError, UpstreamTimeoutError
from schema.ports import CreateTaskIntent, SourceRef, StartFlowIntent
from tests.gateway.federation.memory_source import FORM, federation
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import CAROL, PEOPLE, codes, perform


async def test_a_started_flow_and_a_created_task_are_there_at_once() -> None:
    """After one write each."""
    north = RichConnector("north")
    sources = federation(north, people=PEOPLE)

    begun = await perform(sources, StartFlowIntent(definition_key="invoice"), CAROL, target=SourceRef("north"))
    made = await perform(sources, CreateTaskIntent(title="Call back"), CAROL, target=SourceRef("north"))

    assert (["start_flow", "create"], "invoice", "Call back") == (
        north.writes,
        begun.flow.name if begun.flow else None,
        made.task.title if made.task else None,
    )


async def test_a_start_whose_answer_was_lost_stays_unknown_and_is_not_sent_again() -> None:
    """A later read cannot show which flow it started."""
    north = RichConnector("north")
    north.fail_write = UpstreamTimeoutError("did not answer in time", maybe_applied=True)
    north.apply_before_failing = True
    sources = federation(north, people=PEOPLE)
    intent = StartFlowIntent(definition_key="invoice")

    first = await perform(sources, intent, CAROL, target=SourceRef("north"), key="k")
    again = await perform(sources, intent, CAROL, target=SourceRef("north"), key="k")

    assert ([MutationStatus.UNKNOWN] * 2, ["start_flow"]) == ([first.status, again.status], north.writes)


async def test_data_of_a_start_are_judged_before_anything_is_sent() -> None:
    """All faults at once, also if no data are given. Without a form they go as they are."""
    north = RichConnector("north")
    sources = federation(north, people=PEOPLE)
    target = SourceRef("north")

    free = await perform(sources, StartFlowIntent(definition_key="a", data={"any": 1}), CAROL, target=target)
    north.starting = FORM
    wrong = await perform(
        sources, StartFlowIntent(definition_key="a", data={"amount": "much", "colour": 1}), CAROL, target=target
    )
    empty = await perform(sources, StartFlowIntent(definition_key="a"), CAROL, target=target)
    good = await perform(
        sources, StartFlowIntent(definition_key="a", data={"email": "a@b", "amount": 5}), CAROL, target=target
    )

    assert [MutationStatus.APPLIED, MutationStatus.REJECTED, MutationStatus.REJECTED, MutationStatus.APPLIED] == [
        each.status for each in (free, wrong, empty, good)
    ]
    assert {("data", "email"), ("data", "amount"), ("data", "colour")} == {each.field for each in wrong.problems}
    assert [("data", "email")] == [each.field for each in empty.problems]
    assert [{"any": 1}, {"email": "a@b", "amount": 5}] == north.started_with


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (UnavailableError("does not answer"), "UPSTREAM_UNAVAILABLE"),
        (MalformedResponseError("the form is unreadable"), "UPSTREAM_ERROR"),
    ],
)
async def test_a_start_whose_form_cannot_be_read_is_not_sent(
    failure: UnavailableError | MalformedResponseError, code: str
) -> None:
    """The result says so: it is not unknown."""
    north = RichConnector("north")
    north.starting = failure
    sources = federation(north, people=PEOPLE)

    result = await perform(sources, StartFlowIntent(definition_key="a"), CAROL, target=SourceRef("north"))

    assert (MutationStatus.REJECTED, [code], []) == (result.status, codes(result), north.writes)
