"""The person that the claims of a token describe."""

from typing import Any

import pytest

from gateway.auth.oidc.claims import signed_in
from gateway.auth.oidc.refusal import TokenRefusedError
from gateway.people import SignedIn
from gateway.settings import IssuerSettings

ISSUER = "https://login.example.com"
CLAIMS: dict[str, Any] = {
    "sub": "s-1",
    "exp": 2_000_000_000,
    "name": "Alice Moreno",
    "preferred_username": "alice",
    "email": "Alice@Example.com",
    "email_verified": True,
    "groups": ["accounting", "accounting", "all"],
    "realm_access": {"roles": ["offline_access", "task-admin"]},
    "tid": "tenant-1",
    "https://example.com/roles": ["boss"],
}


def read(told: dict[str, Any] | None = None, **settings: Any) -> SignedIn:
    configured = IssuerSettings.model_validate({"issuer": ISSUER, "audience": "taskgate", **settings})
    return signed_in(configured, CLAIMS if told is None else told)


def without(*names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in CLAIMS.items() if name not in names} | more


def test_the_usual_claims_of_a_provider_are_read_by_default() -> None:
    """Groups are listed once; no role of the provider is a role here unless it is configured."""
    who = read()

    assert ("s-1", "s-1", "Alice Moreno", "alice@example.com", True) == (
        who.subject,
        who.key,
        who.name,
        who.email,
        who.is_email_proved,
    )
    assert (("accounting", "all"), frozenset()) == (who.groups, who.roles)
    assert (ISSUER, 2_000_000_000.0) == (who.issuer, who.expires_at)
    assert "tenant-1" == who.claims["tid"]


def test_a_role_of_the_provider_makes_a_task_admin() -> None:
    """By `admin_roles`, at the path of the roles. An address as the name of a claim is no path."""
    assert {"task_admin"} == read(admin_roles=["task-admin"]).roles
    assert set() == read(admin_roles=["admin"]).roles
    assert {"task_admin"} == read(admin_roles=["boss"], claims={"roles": "https://example.com/roles"}).roles


def test_half_a_character_is_in_no_group_and_no_name() -> None:
    """JSON can write it, UTF-8 cannot: neither the journal nor an answer could hold it."""
    who = read(without("name", "preferred_username", "email", groups=["a\ud800", "b"], name="\ud800"))
    unnamed = read(without("name", "preferred_username", "email", sub="\u200b", k="k-1"), claims={"key": "k"})

    assert ("s-1", ("b",)) == (who.name, who.groups)
    assert ("-", "k-1") == (unnamed.name, unnamed.key)


@pytest.mark.parametrize("groups", [None, [], {}, 7, "", [7, None], True])
def test_groups_that_are_no_texts_are_no_groups(groups: Any) -> None:
    """Keycloak leaves the claim out for a person without groups."""
    assert () == read(without("groups", groups=groups)).groups
    assert () == read(without("groups")).groups


def test_one_group_may_be_a_text() -> None:
    """Some providers write no list around one."""
    assert ("accounting",) == read(without("groups", groups="accounting")).groups


def test_a_path_leads_into_members() -> None:
    """And into nothing if a member is no object."""
    claims = without("realm_access", realm_access={"roles": "task-admin"})

    assert {"task_admin"} == read(claims, admin_roles=["task-admin"]).roles
    assert set() == read(without("realm_access", realm_access=["roles"]), admin_roles=["task-admin"]).roles


def test_keys_of_several_issuers_are_told_apart() -> None:
    """By the prefix, which the configuration demands then."""
    assert "partner-s-1" == read(prefix="partner-").key


@pytest.mark.parametrize("key", [None, "", 7, ["a"], "a\nb", " a", "k" * 201, "\u202e"])
def test_without_a_key_there_is_no_person(key: Any) -> None:
    """A made-up name signs in no person."""
    with pytest.raises(TokenRefusedError, match="person's key"):
        read(without("preferred_username", preferred_username=key), claims={"key": "preferred_username"})


@pytest.mark.parametrize(
    ("told", "settings", "is_proved"),
    [
        (True, {}, True),
        ("true", {}, True),
        (False, {}, False),
        ("false", {}, False),
        (1, {}, False),
        (None, {}, False),
        (False, {"trust_email": True}, True),
        (True, {"email_domains": ["example.com"]}, True),
        (True, {"email_domains": ["@EXAMPLE.com"]}, True),
        (True, {"email_domains": ["other.com"]}, False),
        (True, {"email_domains": ["ample.com"]}, False),
        (False, {"trust_email": True, "email_domains": ["other.com"]}, False),
    ],
)
def test_an_address_is_proved_by_the_provider_for_its_own_domains(
    told: Any, settings: dict[str, Any], *, is_proved: bool
) -> None:
    """`email_verified`, or `trust_email`; and `email_domains`, exactly."""
    assert is_proved == read(without("email_verified", email_verified=told), **settings).is_email_proved


@pytest.mark.parametrize(
    "email", [None, "", 7, "alice", "a@b@c", "a b@example.com", "@x", f"{'a' * 250}@x.com", ["a@b"]]
)
def test_what_is_no_address_is_no_address(email: Any) -> None:
    """It proves nothing."""
    who = read(without("email", email=email), trust_email=True)

    assert (None, False) == (who.email, who.is_email_proved)


def test_an_address_is_a_key_only_if_it_is_proved() -> None:
    """Otherwise people could sign in as another person by writing that person's address into their account."""
    assert "alice@example.com" == read(claims={"key": "email"}).key
    with pytest.raises(TokenRefusedError, match="proved"):
        read(without("email_verified"), claims={"key": "email"})
    with pytest.raises(TokenRefusedError, match="proved"):
        read(claims={"key": "email"}, email_domains=["other.com"])


def test_an_address_that_is_not_proved_links_no_account() -> None:
    """A rule of a source may take the claim as a user name: some vendors' user names are addresses."""
    unproved = without("email_verified", mail={"of": {"work": "Bob@Example.com"}, "other": 1})

    assert "Alice@Example.com" == read().claims["email"]
    assert "Alice@Example.com" == read(without("email_verified"), trust_email=True).claims["email"]
    assert ["email" in read(unproved).claims, "email" in read(email_domains=["other.com"]).claims] == [False, False]
    assert {"of": {}, "other": 1} == read(unproved, claims={"email": "mail.of.work"}).claims["mail"]
    assert {"sub": "s", "exp": 1, "a": {}} == read(
        {"sub": "s", "exp": 1, "a": {"b": "x"}, "a.b": "y"}, claims={"email": "a.b"}
    ).claims


@pytest.mark.parametrize(
    ("required", "is_let_in"),
    [
        ({"tid": "tenant-1"}, True),
        ({"tid": ["tenant-2", "tenant-1"]}, True),
        ({"groups": "all"}, True),
        ({"realm_access.roles": "task-admin"}, True),
        ({"tid": "tenant-2"}, False),
        ({"tid": "tenant"}, False),
        ({"tenant": "tenant-1"}, False),
        ({"tid": "tenant-1", "groups": "sales"}, False),
        ({"exp": "2000000000"}, False),
    ],
)
def test_required_claims_keep_other_tenants_out(required: dict[str, Any], *, is_let_in: bool) -> None:
    """Each must hold one of its values."""
    if is_let_in:
        assert "s-1" == read(required=required).subject
    else:
        with pytest.raises(TokenRefusedError, match="required"):
            read(required=required)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        (without("name"), "alice"),
        (without("name", "preferred_username"), "alice@example.com"),
        (without("name", "preferred_username", "email"), "s-1"),
        (without("name", name="  \n Alice\t\u202eMoreno "), "Alice Moreno"),
        (without("name", name=7), "alice"),
        (without("name", name="x" * 300), "x" * 200),
    ],
)
def test_a_person_always_has_a_name_that_can_be_shown(claims: dict[str, Any], name: str) -> None:
    """Of one line, without invisible characters."""
    assert name == read(claims).name


def test_an_end_beyond_all_calendars_is_the_last_moment() -> None:
    """So that it can be written as a time."""
    assert 253_402_300_799 == read(without("exp", exp=10**300)).expires_at
