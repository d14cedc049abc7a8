"""A task's form, outcomes and activities."""

from collections.abc import Callable
from datetime import UTC, datetime

from connectors.epilot import EpilotSettings
from connectors.epilot.details import detail_from_wire
from connectors.sdk.json import Decoded
from connectors.sdk.model import (
    ActivityType,
    DetailAspect,
    FormKind,
    OutcomeNature,
    Requirement,
    UserRef,
)
from tests.connectors.epilot.example import read, tasks, with_task

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


FLOW = "v2/exec_abc123def456"


MakeSettings = Callable[..., EpilotSettings]


def test_a_detail_tells_form_outcomes_and_what_was_done(make_settings: MakeSettings) -> None:
    """A journey is the form; a decision that waits for a person has branches."""
    natures = {"cond_a": "POSITIVE", "Gewerbe": "NEGATIVE"}
    settings = make_settings(journey_url_template="https://journeys.test/{journey}", outcome_natures=natures)
    execution = read()
    details = [
        detail_from_wire(Decoded(row), execution, frozenset(DetailAspect), settings) for row, _ in execution.tasks
    ]
    call, offer, segment, mail = details

    assert call.description == "<p>Adresse</p>"
    assert [activity.type for activity in call.activities or ()] == [
        ActivityType.CREATED,
        ActivityType.STARTED,
        ActivityType.COMPLETED,
    ]
    assert offer.form is not None
    assert (offer.form.kind, offer.form.url) == (FormKind.EXTERNAL_URL, "https://journeys.test/j1")
    assert [(step.name, step.completed_by) for step in offer.previous_steps or ()] == [
        ("Kunden anrufen", UserRef(native_id="10010730"))
    ]
    assert [(o.code, o.label, o.nature, o.data) for o in segment.outcomes or ()] == [
        ("cond_a", "Privat", OutcomeNature.POSITIVE, Requirement.UNSUPPORTED),
        ("cond_b", "Gewerbe", OutcomeNature.NEGATIVE, Requirement.UNSUPPORTED),
    ]
    assert mail.form is not None
    assert (mail.form.kind, mail.outcomes, mail.data, mail.comments) == (FormKind.NONE, (), None, None)


def test_a_completed_decision_has_the_branch_as_outcome(make_settings: MakeSettings) -> None:
    """Only once it is completed. An automatic decision has no outcomes to choose from."""
    conditions = [{"id": "cond_a", "branch_name": "Privat", "is_met": True}, {"id": "cond_b", "is_met": False}]
    decided = with_task(2, conditions=conditions, status="COMPLETED")
    pending = with_task(2, conditions=conditions, trigger_mode="automatic")
    execution = read(tasks=pending)
    detail = detail_from_wire(Decoded(execution.tasks[2][0]), execution, frozenset(DetailAspect), make_settings())

    assert tasks(read(tasks=decided), make_settings())[2].outcome == "cond_a"
    assert tasks(execution, make_settings())[2].outcome is None
    assert detail.outcomes == ()
