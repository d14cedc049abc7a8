"""The configuration of a source."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.camunda.settings import CamundaSettings
from sandbox.camunda.stand_in import CamundaStandIn

SECRET = "s3cr3t-never-shown"


def settings(**changed: Any) -> CamundaSettings:
    return CamundaSettings.model_validate(
        {"key": "c8", "name": "C8", "base_url": "https://camunda.test", **changed},
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://camunda.test", "https://camunda.test/v2"),
        ("https://camunda.test/", "https://camunda.test/v2"),
        ("https://camunda.test/v2", "https://camunda.test/v2"),
        ("https://camunda.test/v2/", "https://camunda.test/v2"),
        ("https://eu.camunda.test/cluster-1", "https://eu.camunda.test/cluster-1/v2"),
    ],
)
def test_the_base_url_ends_with_v2(given: str, expected: str) -> None:
    """Whether the configuration has it or not."""
    assert expected == settings(base_url=given).base_url


@pytest.mark.parametrize(
    ("base_url", "options", "expected"),
    [
        ("http://camunda.test:8080", {}, "http://camunda.test:8080/tasklist/{key}"),
        ("https://camunda.test/orchestration/v2", {}, "https://camunda.test/orchestration/tasklist/{key}"),
        ("https://bru-2.zeebe.camunda.io/4711", {}, None),
        ("https://camunda.test", {"url_template": ""}, None),
        ("https://bru-2.zeebe.camunda.io/4711", {"url_template": "https://t.test/{key}"}, "https://t.test/{key}"),
    ],
)
def test_links_lead_to_the_pages_beside_the_api(base_url: str, options: dict[str, str], expected: str | None) -> None:
    """Where a self-managed cluster has them. The cloud has other hosts, so it has no link by default."""
    made = settings(base_url=base_url, options=options)

    assert expected == made.task_link
    if not options:
        assert (None if expected is None else expected.replace("tasklist", "operate/processes")) == made.flow_link


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"credentials": {"kind": "apikey"}}, ("credentials",)),
        ({"credentials": {"kind": "basic", "username": "u"}}, ("credentials", "basic", "password")),
        ({"options": {"priority": {"low": 60}}}, ("options", "priority")),
        ({"options": {"url_template": "https://x.test/tasks"}}, ("options", "url_template")),
        ({"options": {"url_template": "javascript:{key}"}}, ("options", "url_template")),
        ({"options": {"flow_url_template": "https://x.test/flows"}}, ("options", "flow_url_template")),
        ({"options": {"priority": {"high": 100}}}, ("options", "priority", "high")),
        ({"options": {"server_version": "9.0"}}, ("options", "server_version")),
        ({"options": {"outcomes": [{"code": "a"}, {"code": "a"}]}}, ("options", "outcomes")),
        ({"options": {"colour": "red"}}, ("options", "colour")),
        ({"base_url": "camunda.test"}, ("base_url",)),
    ],
)
def test_a_wrong_setting_is_named(changed: dict[str, Any], where: tuple[str, ...]) -> None:
    """The error says where it is."""
    with pytest.raises(ValidationError) as caught:
        settings(**changed)

    assert [where] == [error["loc"] for error in caught.value.errors()]


@pytest.mark.parametrize(
    "credentials",
    [
        {"kind": "basic", "username": "u", "password": SECRET},
        {"kind": "bearer", "token": SECRET},
        {"kind": "oauth", "token_url": "https://login.test/token", "client_id": "id", "client_secret": SECRET},
    ],
)
def test_secrets_do_not_print(credentials: dict[str, str]) -> None:
    """In no text and in no JSON of the settings."""
    made = settings(credentials=credentials)

    assert SECRET not in repr(made) + str(made) + made.model_dump_json()


def test_the_settings_that_the_stand_in_gives_are_valid(stand_in: CamundaStandIn) -> None:
    """Its `[[sources]]` entry can be read as it is."""
    made = CamundaSettings.model_validate(stand_in.source_config("http://127.0.0.1:9101"))

    assert (made.key, made.base_url) == ("camunda", "http://127.0.0.1:9101/v2")
