from pathlib import Path

import pytest

from connectors.sdk.caller import Identity
from gateway.settings import ConfigurationError, load
from tests.gateway.configuration import AUTH, PEOPLE, SOURCES, write_configuration

ISSUER = """
[auth]
mode = "oidc"
[[auth.issuers]]
issuer = "https://a"
audience = "taskgate"
"""


def test_people_become_callers_with_an_identity_per_source(tmp_path: Path) -> None:
    """An identity has its own groups if it names them, otherwise the person's groups."""
    alice = load(write_configuration(tmp_path)).people[0].caller()

    assert alice.groups == ("accounting",)
    assert alice.identities == {
        "camunda": Identity(native_id="alice", groups=("accounting",)),
        "field": Identity(native_id="17", username="amoreno", groups=("3",)),
    }


def test_roles_make_a_task_admin(tmp_path: Path) -> None:
    """carol is a task admin, alice is not."""
    callers = [person.caller() for person in load(write_configuration(tmp_path)).people]

    assert [("alice", False), ("bob", False), ("carol", True)] == [(c.key, c.is_task_admin) for c in callers]


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        ("match = 'email'", "sources[1].people.match: this source tells no mail addresses of users"),
        ("match = 'name'", "sources[1].people.match: "),
        ("username_claim = 'x'", "sources[1].people.username_claim: this source tells no user names"),
        (
            "id_claim = 'x'\ngroups = 'directory'",
            "sources[1].people.groups: this source does not tell who is in a group",
        ),
        ("id_claim = 'x'", "sources[1].people: claims are in tokens of an identity provider; [auth] mode is 'demo'"),
        ("groups_claim = 'x'", "sources[1].people: groups are of people whom a rule links"),
        (
            "id_claim = 'x'\ngroups_claim = 'y'\ngroups = 'directory'",
            "sources[1].people: groups come from groups_claim or",
        ),
        ("id_claim = 'x'\ngroup_names = { a = 'b' }", "sources[1].people: group_names translates the values of"),
        ("id_claim = ''", "sources[1].people.id_claim: "),
        ("claim = 'x'", "sources[1].people.claim: unknown key"),
    ],
)
def test_rules_that_cannot_work_are_refused(tmp_path: Path, rules: str, line: str) -> None:
    """With one line: what a source's directory does not tell, and what needs tokens."""
    sources = f"{SOURCES}\n[sources.people]\n{rules}\n"

    with pytest.raises(ConfigurationError) as refused:
        load(write_configuration(tmp_path, sources=sources))

    assert str(refused.value).startswith(line), refused.value


ISSUERS = """
[auth]
mode = "oidc"
[[auth.issuers]]
issuer = "https://a.example"
audience = "x"
prefix = "a-"
email_domains = ["a.example"]
"""
SECOND = ISSUERS.partition('oidc"')[2].replace("a.example", "b.example").replace("a-", "b-")


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        ("id_claim = 'x'", "sources[1].people.issuers: is missing: with several issuers it says whose claims"),
        (
            "id_claim = 'x'\nissuers = ['https://a.example/']",
            "sources[1].people.issuers: there is no issuer 'https://a.example/'",
        ),
        ("issuers = ['https://a.example']", "sources[1].people.issuers: are those whose claims a rule reads"),
        ("id_claim = 'x'\nissuers = ['https://a.example', 'https://b.example']", None),
        ("", None),
    ],
)
def test_with_several_issuers_a_source_names_those_whose_claims_count(
    tmp_path: Path, rules: str, line: str | None
) -> None:
    """They have users and groups of the same names: those of one would be those of the other."""
    path = write_configuration(tmp_path, auth=ISSUERS + SECOND, sources=f"{SOURCES}\n[sources.people]\n{rules}\n")
    told = None
    try:
        load(path)
    except ConfigurationError as refused:
        told = str(refused)

    assert (told or "").startswith(line or ""), told
    assert (told is None) == (line is None)


def test_with_several_issuers_a_source_names_those_whose_tokens_are_exchanged(tmp_path: Path) -> None:
    """The token endpoint of one provider gets no token of another: it could sign in with it."""
    bridge = """
[[sources]]
key = "bridge"
name = "Bridge"
vendor = "littlehorse"
base_url = "http://127.0.0.1:1"
acts_as = "exchange"
[sources.credentials]
kind = "oauth"
token_url = "https://a.example/token"
client_id = "taskgate"
client_secret = "s"
[sources.options]
tenant = "default"
"""
    named = f"{bridge}[sources.people]\nissuers = ['https://a.example']\n"
    auth = ISSUERS + SECOND

    with pytest.raises(ConfigurationError, match=r"sources\[0\].people.issuers: is missing: with several issuers"):
        load(write_configuration(tmp_path, auth=auth, people="", sources=bridge))
    assert ("https://a.example",) == load(write_configuration(tmp_path, auth=auth, people="", sources=named)).sources[
        0
    ].people.issuers


def test_a_single_issuer_needs_no_mention(tmp_path: Path) -> None:
    sources = f"{SOURCES}\n[sources.people]\nid_claim = 'x'\n"

    assert () == load(write_configuration(tmp_path, auth=ISSUERS, sources=sources)).sources[1].people.issuers


def test_a_directory_with_addresses_may_link_people_by_them(tmp_path: Path) -> None:
    """Also without tokens: the addresses of the configuration are the operator's word."""
    camunda, field = SOURCES.split("[[sources]]")[1:]
    rules = "[sources.people]\nmatch = 'email'\ngroups = 'directory'\n"

    loaded = load(write_configuration(tmp_path, sources=f"[[sources]]{camunda}{rules}[[sources]]{field}"))

    assert ["email", None] == [source.people.match for source in loaded.sources]


def test_a_token_means_one_person(tmp_path: Path) -> None:
    """Two entries with one subject are refused."""
    again = PEOPLE.replace('name = "Bob', 'subject = "https://a|1"\nname = "Bob').replace(
        'name = "Carol', 'subject = "https://a|1"\nname = "Carol'
    )

    with pytest.raises(ConfigurationError, match=r"people\[2\].subject: this is also the subject of 'bob'"):
        load(write_configuration(tmp_path, auth=ISSUER, people=again))


@pytest.mark.parametrize(
    ("auth", "subject", "line"),
    [
        (AUTH, "https://a|1", "people[1].subject: is in tokens of an identity provider; [auth] mode is 'demo'"),
        (ISSUER, "https://b|1", "people[1].subject: there is no issuer 'https://b'"),
        (ISSUER, "https://a/|1", "people[1].subject: there is no issuer 'https://a/'; did you mean 'https://a'?"),
    ],
)
def test_a_subject_of_a_provider_that_signs_no_one_in_is_refused(
    tmp_path: Path, auth: str, subject: str, line: str
) -> None:
    """No token would ever mean this person."""
    people = PEOPLE.replace('name = "Bob', f'subject = "{subject}"\nname = "Bob')

    with pytest.raises(ConfigurationError) as refused:
        load(write_configuration(tmp_path, auth=auth, people=people))
    assert line == str(refused.value)
