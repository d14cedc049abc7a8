"""Credential scope and authority, for each `acts_as`."""

from base64 import urlsafe_b64encode

import msgspec
import pytest
from msgspec import structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.http import Authority
from connectors.sdk.settings import SourceSettings
from gateway.federation.cache import SERVICE, Scope
from gateway.federation.sources.caller_scope import acting_on, scope_of
from gateway.federation.traffic import CallContext

HERE = Identity(native_id="a1")
CONTEXT = CallContext(caller=Caller(key="alice", name="Alice", identities={"here": HERE}), token="t")


class Settings(SourceSettings):
    modes = frozenset({"service", "viewer", "exchange"})


def settings(acts_as: str) -> SourceSettings:
    return Settings.model_validate(
        {
            "key": "here",
            "name": "Here",
            "vendor": "memory",
            "base_url": "http://here.test",
            "acts_as": acts_as,
            "audience": "here" if acts_as == "viewer" else None,
        }
    )


def test_a_service_account_has_one_scope_and_no_authority() -> None:
    """For every caller, and whatever was entered before."""
    before = CallContext(caller=CONTEXT.caller, authority=Authority(principal="bob", identity=None))

    assert SERVICE == scope_of(settings("service"), CONTEXT)
    assert None is acting_on(settings("service"), before).authority


@pytest.mark.parametrize("acts_as", ["viewer", "exchange"])
def test_a_person_has_a_scope_and_an_authority_of_their_own(acts_as: str) -> None:
    """With the identity in that source, and the token of the sign-in."""
    assert Scope("person:alice") == scope_of(settings(acts_as), CONTEXT)
    assert Authority(principal="alice", identity=HERE, token="t") == acting_on(settings(acts_as), CONTEXT).authority


def token(**claims: object) -> str:
    """Without a signature: that was checked when the person signed in."""
    body = urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=").decode()
    return f"e30.{body}.e30"


FULL = {"aud": ["gateway", "here"], "azp": "page", "scope": "openid profile"}


@pytest.mark.parametrize("acts_as", ["viewer", "exchange"])
@pytest.mark.parametrize(
    ("other", "is_shared"),
    [
        (FULL | {"aud": ["here", "gateway"], "scope": "profile openid", "exp": 9, "jti": "2"}, True),
        (FULL | {"aud": "gateway"}, False),
        (FULL | {"azp": "another program"}, False),
        (FULL | {"scope": "openid"}, False),
        ({}, False),
    ],
)
def test_tokens_of_one_person_share_answers_if_they_are_for_the_same(
    acts_as: str, other: dict[str, object], *, is_shared: bool
) -> None:
    """A token that the vendor or the provider would refuse is told nothing that was read with another one."""
    scopes = [scope_of(settings(acts_as), structs.replace(CONTEXT, token=token(**claims))) for claims in (FULL, other)]

    assert is_shared is (scopes[0] == scopes[1])


@pytest.mark.parametrize("acts_as", ["viewer", "exchange"])
def test_the_gateway_itself_has_neither_a_persons_scope_nor_an_authority(acts_as: str) -> None:
    """Answers that were read without a person's credentials are not shared with any person."""
    scope = scope_of(settings(acts_as), CallContext())

    assert scope not in {SERVICE, Scope("person:nobody")}
    assert None is acting_on(settings(acts_as), CallContext()).authority
