"""`[auth]`: what is accepted, and which faults are told in one line."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import ConfigurationError, OidcAuth, load
from sandbox.config import toml
from tests.gateway.configuration import GATEWAY, SOURCES, write_configuration

UIPATH = """
[[sources]]
key = "robots"
name = "UiPath"
vendor = "uipath"
base_url = "http://127.0.0.1:9"
acts_as = "viewer"
audience = "UiPath.Orchestrator"
options = { organization = "acme", tenant = "main" }
credentials = { kind = "bearer", token = "pass-never-told" }
"""
ISSUER = {"issuer": "https://login.example.com/realms/main", "audience": "taskgate"}
PRODUCTION = GATEWAY + 'profile = "production"\n'
EMPTY = hashlib.sha256(b"").hexdigest()
BRIDGE = """
[[sources]]
key = "littlehorse"
name = "LittleHorse"
vendor = "littlehorse"
base_url = "http://127.0.0.1:9"
acts_as = "viewer"
audience = "bridge"
options = { tenant = "default" }
"""


def oidc(*issuers: dict[str, Any], **more: Any) -> str:
    return toml({"auth": {"mode": "oidc", "issuers": list(issuers or (ISSUER,)), **more}})


def test_the_least_that_a_provider_needs(tmp_path: Path) -> None:
    """Address and audience. The rest has defaults."""
    auth = load(write_configuration(tmp_path, gateway=PRODUCTION, auth=oidc())).auth

    assert isinstance(auth, OidcAuth)
    [issuer] = auth.issuers
    assert (("taskgate",), 30, 60, "sub", "realm_access.roles") == (
        issuer.audience,
        issuer.leeway,
        auth.keep_seconds,
        issuer.claims.key,
        issuer.claims.roles,
    )


def test_tokens_of_people_may_be_passed_on_where_they_sign_in_with_them(tmp_path: Path) -> None:
    """`acts_as` viewer and exchange."""
    settings = load(write_configuration(tmp_path, auth=oidc(), sources=SOURCES + BRIDGE))

    assert "viewer" == settings.sources[2].acts_as


TWO = [
    {**ISSUER, "prefix": "a-", "email_domains": ["a.example"]},
    {**ISSUER, "issuer": "https://b.example", "prefix": "b-", "email_domains": ["b.example"]},
]


def second(**changes: Any) -> str:
    return oidc(TWO[0], {**TWO[1], **changes})


def with_key(digest: str) -> str:
    return f'[auth]\nmode = "api_keys"\nkeys = [{{ person = "alice", sha256 = "{digest}" }}]\n'


FAULTS: dict[str, tuple[dict[str, str], str]] = {
    "no file of certificates": (
        {"auth": oidc({**ISSUER, "ca_file": "absent.pem"})},
        "auth.issuers[0].ca_file: cannot be read: No such file",
    ),
    "a file without certificates": (
        {"auth": oidc({**ISSUER, "ca_file": "taskgate.toml"})},
        "auth.issuers[0].ca_file: has no certificate in PEM",
    ),
    "no issuer": ({"auth": '[auth]\nmode = "oidc"\nissuers = []\n'}, "auth.issuers: "),
    "no audience": ({"auth": oidc({"issuer": "https://b.example"})}, "auth.issuers[0].audience: is missing"),
    "an empty audience": ({"auth": oidc({**ISSUER, "audience": []})}, "auth.issuers[0].audience: "),
    "an unknown key": ({"auth": oidc({**ISSUER, "audiences": "x"})}, "auth.issuers[0].audiences: unknown key"),
    "HMAC": ({"auth": oidc({**ISSUER, "algorithms": ["HS256"]})}, "auth.issuers[0].algorithms[0]: "),
    "none": ({"auth": oidc({**ISSUER, "algorithms": ["none"]})}, "auth.issuers[0].algorithms[0]: "),
    "no algorithm": ({"auth": oidc({**ISSUER, "algorithms": []})}, "auth.issuers[0].algorithms: "),
    "no address": (
        {"auth": oidc({**ISSUER, "issuer": "login.example.com"})},
        "auth.issuers[0].issuer: must be an addr",
    ),
    "an address with a query": ({"auth": oidc({**ISSUER, "issuer": "https://a?b"})}, "auth.issuers[0].issuer: must be"),
    "a port beyond all": ({"auth": oidc({**ISSUER, "issuer": "https://a:99999"})}, "auth.issuers[0].issuer: must be"),
    "a plain provider in production": (
        {"gateway": PRODUCTION, "auth": oidc({**ISSUER, "issuer": "http://login.example.com"})},
        "auth.issuers[0].issuer: must begin with https://",
    ),
    "plain keys in production": (
        {"gateway": PRODUCTION, "auth": oidc({**ISSUER, "jwks_url": "http://login.example.com/keys"})},
        "auth.issuers[0].jwks_url: must begin with https://",
    ),
    "the audience of ID tokens": (
        {"auth": oidc({**ISSUER, "login": {"client_id": "taskgate"}})},
        "auth.issuers[0]: audience and login.client_id must differ",
    ),
    "the same issuer twice": (
        {"auth": second(issuer=ISSUER["issuer"])},
        "auth.issuers[1].issuer: the same issuer is listed twice",
    ),
    "two issuers without prefix": ({"auth": second(prefix="")}, "auth.issuers[1].prefix: is missing"),
    "two issuers with one prefix": ({"auth": second(prefix="a-")}, "auth.issuers[0].prefix: begins with 'a-'"),
    "a prefix within another": ({"auth": second(prefix="a-b")}, "auth.issuers[1].prefix: begins with 'a-'"),
    "two issuers without domains": ({"auth": second(email_domains=[])}, "auth.issuers[1].email_domains: is missing"),
    "a domain that is none": (
        {"auth": oidc({**ISSUER, "email_domains": ["example"]})},
        "auth.issuers[0].email_domains[0]: must be a domain",
    ),
    "a path that is none": (
        {"auth": oidc({**ISSUER, "claims": {"key": "a..b"}})},
        "auth.issuers[0].claims.key: must be",
    ),
    "tokens kept for long": ({"auth": oidc(keep_seconds=61)}, "auth.keep_seconds: "),
    "a key of a person who is not there": (
        {"auth": oidc(keys=[{"person": "zoe", "sha256": "0" * 64}])},
        "auth.keys[0].person: there is no person 'zoe'",
    ),
    "the digest of nothing": ({"auth": with_key(EMPTY)}, "auth.keys[0].sha256: is the digest of an empty key"),
    "the digest of nothing in capitals": ({"auth": with_key(EMPTY.upper())}, "is the digest of an empty key"),
    "the digest of a line break": (
        {"auth": with_key(hashlib.sha256(b"\n").hexdigest())},
        "auth.keys[0].sha256: is the digest of an empty key",
    ),
    "the digest of nothing beside a provider": (
        {"auth": oidc(keys=[{"person": "alice", "sha256": EMPTY}])},
        "auth.keys[0].sha256: is the digest of an empty key",
    ),
    "a short digest": ({"auth": with_key("abc")}, "auth.keys[0].sha256: must be a SHA-256 digest of 64 hexadecimal"),
    "an empty secret": ({"gateway": "[gateway]\nsecret = ''\n"}, "gateway.secret: is empty"),
    "a short secret": ({"gateway": "[gateway]\nsecret = 'abc'\n"}, "gateway.secret: is shorter than 16 bytes"),
    "an empty password": (
        {"sources": SOURCES.replace('password = "pass-never-told" }', 'password = "" }', 1)},
        "sources[0].credentials.password: is empty",
    ),
    "an empty password of another vendor": (
        {"sources": SOURCES.replace('password = "pass-never-told", api', 'password = " ", api')},
        "sources[1].credentials.password: is empty",
    ),
    "an empty API key": ({"sources": SOURCES.replace("gtk_x", "")}, "sources[1].credentials.api_key: is empty"),
    "people's tokens for a vendor that is called by an account alone": (
        {"sources": SOURCES + UIPATH, "auth": oidc()},
        "sources[2].acts_as: this vendor's sources act as service, not as viewer",
    ),
    "demo tokens for a vendor": ({"sources": SOURCES + BRIDGE}, "sources[2].acts_as: viewer needs the token of an"),
    "API keys for a vendor": (
        {"sources": SOURCES + BRIDGE, "auth": with_key("0" * 64)},
        "sources[2].acts_as: viewer needs the token of an identity provider",
    ),
}


@pytest.mark.parametrize(("parts", "line"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_one_line_that_names_the_key(tmp_path: Path, parts: dict[str, str], line: str) -> None:
    """Before anything starts."""
    with pytest.raises(ConfigurationError) as caught:
        load(write_configuration(tmp_path, **parts))

    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "never-told" not in str(caught.value)


def test_a_provider_on_this_machine_may_be_plain(tmp_path: Path) -> None:
    """Also in production. On other machines in development only."""
    here = oidc({**ISSUER, "issuer": "http://127.0.0.1:8080/realms/main"})
    there = oidc({**ISSUER, "issuer": "http://keycloak:8080/realms/main"})

    for gateway, auth in ((PRODUCTION, here), (GATEWAY, there)):
        assert "oidc" == load(write_configuration(tmp_path, gateway=gateway, auth=auth)).auth.mode
