"""The configuration of a source."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.epilot import EpilotSettings
from connectors.epilot.settings import Generation, ListBy

PLAIN: dict[str, Any] = {
    "key": "crm",
    "name": "epilot",
    "vendor": "epilot",
    "credentials": {"kind": "bearer", "token": "eyJ"},
}


def test_a_token_is_all_that_is_needed() -> None:
    """The vendor's own hosts, one for each API."""
    settings = EpilotSettings.model_validate(PLAIN)

    assert settings.base_url == "https://workflows-execution.sls.epilot.io"
    assert [settings.options.user_url, settings.options.kanban_url, settings.options.query_url] == [
        "https://user.sls.epilot.io",
        "https://kanban.sls.epilot.io",
        "https://query.sls.epilot.io",
    ]
    assert (settings.options.list_by, settings.generation) == (ListBy.KANBAN, Generation.V2)


def test_the_list_of_workflows_is_of_v1(make_settings: Callable[..., EpilotSettings]) -> None:
    """The option `generation` has no effect on it."""
    assert make_settings(list_by="executions_v1").generation is Generation.V1
    assert make_settings(generation="v1").generation is Generation.V1


@pytest.mark.parametrize(
    "change",
    [
        {"credentials": {"kind": "bearer", "token": ""}},
        {"credentials": {"kind": "bearer", "token": "a b"}},
        {"credentials": {"kind": "bearer", "token": "a\r\nX: 1"}},
        {"credentials": {"kind": "none"}},
        {"options": {"list_by": "everything"}},
        {"options": {"user_url": "ftp://x"}},
        {"options": {"user_url": "https://user:pw@x.test"}},
        {"options": {"org_id": "7\r\nX: 1"}},
        {"options": {"first_page": 2}},
        {"options": {"url_template": "https://x.test/"}},
        {"options": {"journey_url_template": "javascript:{journey}"}},
        {"options": {"entities": [{"entity_schema": "s", "entity_id": "i"}] * 2}},
        {"options": {"entities": [{"entity_schema": "s"}]}},
        {"options": {"kanban_columns": {"colour": "c"}}},
        {"options": {"kanban_filters": [{"key": "a", "operator": "LIKE"}]}},
        {"options": {"unknown": 1}},
        {"vendor": "other"},
    ],
)
def test_invalid_settings_are_refused(change: dict[str, Any]) -> None:
    """At the start, not at the first request."""
    with pytest.raises(ValidationError):
        EpilotSettings.model_validate({**PLAIN, **change})


def test_the_token_is_not_shown() -> None:
    """Neither by settings nor by an error about them."""
    settings = EpilotSettings.model_validate({**PLAIN, "credentials": {"kind": "bearer", "token": "eyJ-secret"}})

    assert "eyJ-secret" not in repr(settings)
