"""The options of a source, and their effect on the vendor's records."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from connectors.geotareas import GeotareasSettings, details, flows, mapping, wire
from connectors.geotareas.settings import GeotareasOptions
from connectors.sdk.model import DetailAspect, OutcomeNature, Task

NOW = datetime(2026, 3, 19, 12, 0, tzinfo=UTC)
GROUP = {"id": "293847102938471029", "name": "Sales Team"}
ROW: dict[str, Any] = {
    "id": "674839201748392018",
    "status": "PENDING",
    "workflow_name": "New Account Onboarding",
    "step_name": "Send Welcome Email",
    "available_results": [{"code": "sent"}, {"code": "failed"}],
}


def record_of(**changes: Any) -> wire.TaskRecord:
    return msgspec.json.decode(msgspec.json.encode(ROW | changes), type=wire.TaskRecord)


def task_of(settings: GeotareasSettings, **changes: Any) -> Task:
    return mapping.task_from_wire(record_of(**changes), settings, fetched_at=NOW)


def test_the_link_contains_the_id(settings: GeotareasSettings) -> None:
    """It replaces {id} in the template."""
    options = settings.options.model_copy(update={"url_template": "https://acme.test/t/{id}?x={y}"})

    assert task_of(settings.model_copy(update={"options": options})).url == (
        "https://acme.test/t/674839201748392018?x={y}"
    )


def test_the_link_of_a_task_is_not_the_link_of_its_flow(settings: GeotareasSettings) -> None:
    """Each has its own template. Without one there is no link."""
    options = settings.options.model_copy(update={"flow_url_template": "https://acme.test/i/{id}"})
    row = wire.InstanceRow(id="9", status="RUNNING")
    linked = settings.model_copy(update={"options": options})

    assert (None, None) == (task_of(linked).url, flows.flow_from_wire(row, settings, fetched_at=NOW).url)
    assert "https://acme.test/i/9" == flows.flow_from_wire(row, linked, fetched_at=NOW).url


@pytest.mark.parametrize(
    ("group", "groups", "expected"),
    [
        (GROUP, {"*": "1"}, GROUP["id"]),
        (None, {"*": "1", "New Account Onboarding": "2", "New Account Onboarding/Send Welcome Email": "3"}, "3"),
        (None, {"*": "1", "New Account Onboarding": "2", "New Account Onboarding/Other": "3"}, "2"),
        (None, {"*": "1", "Site Inspection": "2"}, "1"),
        (None, {"Site Inspection": "2"}, None),
        (None, {}, None),
    ],
)
def test_a_task_is_released_to_its_group_or_the_configured_one(
    settings: GeotareasSettings, group: object, groups: dict[str, str], expected: str | None
) -> None:
    """Of the configured groups, the one for the step, the workflow or all workflows, in this order."""
    options = settings.options.model_copy(update={"release_groups": groups})

    assert expected == mapping.release_group(task_of(settings, assigned_to_group=group), options)


def test_a_result_code_has_its_configured_nature(settings: GeotareasSettings) -> None:
    """The default is neutral, because the vendor does not tell it."""
    options = settings.options.model_copy(update={"outcome_natures": {"failed": OutcomeNature.NEGATIVE}})
    configured = settings.model_copy(update={"options": options})
    detail = details.detail_from_wire(record_of(), {DetailAspect.OUTCOMES}, configured)

    assert [("sent", OutcomeNature.NEUTRAL), ("failed", OutcomeNature.NEGATIVE)] == [
        (each.code, each.nature) for each in detail.outcomes or ()
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"url_template": "https://acme.test/tasks"},
        {"flow_url_template": "javascript:alert({id})"},
        {"outcome_natures": {"sent": "GOOD"}},
        {"release_groups": {"*": "Sales Team"}},
        {"release_groups": {"*": ""}},
        {"definition_ids": {"New Account Onboarding": "1" * 31}},
        {"flow_scan_pages": 0},
        {"url": "https://acme.test/{id}"},
    ],
)
def test_an_invalid_option_is_refused(options: dict[str, Any]) -> None:
    """At the start: links without {id}, names instead of ids, unknown options."""
    with pytest.raises(ValidationError):
        GeotareasOptions.model_validate(options)


def test_without_options_there_is_neither_link_nor_nature_nor_group() -> None:
    """The vendor does not tell these values."""
    options = GeotareasOptions()

    assert (None, None, {}, {}, {}) == (
        options.url_template,
        options.flow_url_template,
        options.outcome_natures,
        options.release_groups,
        options.definition_ids,
    )
