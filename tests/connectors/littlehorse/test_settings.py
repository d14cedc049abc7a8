"""Settings of a source."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.littlehorse import LittlehorseSettings
from connectors.sdk.capability import Support
from connectors.sdk.commands import Assign, Cancel, Claim, Complete, Release, Unassign
from tests.connectors.littlehorse.conftest import BASE_URL, Tenant

OAUTH = {"kind": "oauth", "token_url": "https://idp.test/token", "client_id": "c", "client_secret": "s"}


def made(**changes: Any) -> LittlehorseSettings:
    given = {"key": "b", "name": "B", "vendor": "littlehorse", "base_url": BASE_URL, "credentials": OAUTH}
    return LittlehorseSettings.model_validate({**given, "options": {"tenant": "default"}, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"acts_as": "unknown"},
        {"credentials": {"kind": "none"}},
        {"options": {"tenant": "default", "admin": False}},
        {"acts_as": "viewer"},
        {"audience": "bridge"},
        {"acts_as": "exchange", "audience": "bridge"},
        {"reader": {"kind": "bearer", "token": "t"}},
        {"acts_as": "exchange", "reader": {"kind": "basic", "username": "u", "password": "p"}},
        {"acts_as": "exchange", "credentials": {"kind": "none"}},
        {"acts_as": "exchange", "credentials": {"kind": "bearer", "token": "t"}},
        {"credentials": {"kind": "basic", "username": "u", "password": "p"}},
        {"options": {}},
        {"options": {"tenant": "a/b"}},
        {"options": {"tenant": ""}},
        {"options": {"tenant": "default", "user_id_claim": "NAME"}},
        {"options": {"tenant": "default", "outcomes": [{"code": "yes"}]}},
        {"options": {"tenant": "default", "outcome_field": "x", "outcomes": [{"code": "yes"}, {"code": "yes"}]}},
        {"options": {"tenant": "default", "url_template": "https://c.test/{id}"}},
        {"options": {"tenant": "default", "url_template": "javascript:{wfRunId}{id}"}},
        {"options": {"tenant": "default", "definition_limit": 0}},
        {"options": {"tenant": "default", "unknown": 1}},
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]) -> None:
    """When the configuration is read."""
    with pytest.raises(ValidationError):
        made(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"credentials": {"kind": "bearer", "token": "t"}},
        {"acts_as": "viewer", "audience": "bridge"},
        {"acts_as": "viewer", "audience": "bridge", "credentials": {"kind": "none"}},
        {"acts_as": "viewer", "audience": "bridge", "options": {"tenant": "default", "admin": False}},
        {"acts_as": "exchange"},
        {"acts_as": "exchange", "options": {"tenant": "default", "admin": False}},
    ],
)
def test_each_acts_as_can_be_configured(changes: dict[str, Any]) -> None:
    """With and without an account for admin operations."""
    settings = made(**changes)
    account = changes.get("credentials", OAUTH)["kind"] != "none"

    assert (account and changes.get("options", {}).get("admin", True)) == settings.has_admin


@pytest.mark.parametrize(
    ("acts_as", "options", "credentials", "claim", "admin"),
    [
        ("service", {}, True, Support.EMULATED, True),
        ("service", {"identity_adapter": False}, True, Support.EMULATED, True),
        ("viewer", {}, True, Support.NATIVE, True),
        ("exchange", {}, True, Support.NATIVE, True),
        ("viewer", {"admin": False}, True, Support.NATIVE, False),
        ("viewer", {}, False, Support.NATIVE, False),
        ("viewer", {"identity_adapter": False}, True, None, True),
    ],
)
async def test_capabilities_depend_on_the_configuration(
    tenant: Tenant, acts_as: str, options: dict[str, Any], credentials: bool, claim: Support | None, admin: bool
) -> None:
    """The bridge's own claim is for a person, and only with an identity adapter."""
    connector = tenant.open(acts_as, credentials=credentials, **options)
    has = connector.info.capabilities

    assert claim == (has[Claim].support if Claim in has else None)
    assert {Assign, Release, Unassign} & has.keys() == ({Assign, Release, Unassign} if admin else set())
    assert {Complete, Cancel} <= has.keys()
    assert (True, True) == (has[Complete].guarded, has[Cancel].atomic)
