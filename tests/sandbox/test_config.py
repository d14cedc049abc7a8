"""The configuration that the sandbox writes."""

import tomllib

import pytest

from sandbox.config import configuration, toml
from sandbox.ports import port_of
from sandbox.registry import stand_ins


def test_the_configuration_names_people_sources_and_identities() -> None:
    """Every person of the demo has an identity in every source."""
    made = [each() for each in stand_ins().values()]
    text = configuration(made, {each.vendor: f"http://127.0.0.1:{port_of(each.vendor, 9100)}" for each in made}, 'a"b')
    document = tomllib.loads(text)

    assert ({"secret": 'a"b'}, {"mode": "demo"}) == (document["gateway"], document["auth"])
    assert ["alice", "bob", "carol"] == [person["key"] for person in document["people"]]
    assert ["task_admin"] == document["people"][2]["roles"]
    keys = {source["key"] for source in document["sources"]}
    assert [keys] * 3 == [set(person["identities"]) for person in document["people"]]
    camunda = next(source for source in document["sources"] if source["key"] == "camunda")
    assert ("http://127.0.0.1:9101", "basic") == (camunda["base_url"], camunda["credentials"]["kind"])


def test_people_sign_in_at_the_identity_provider_where_there_is_one() -> None:
    """Each with the key that the configuration has."""
    text = configuration([], {}, "secret", issuer="http://127.0.0.1:9109/realms/demo")

    assert {
        "mode": "oidc",
        "issuers": [
            {
                "issuer": "http://127.0.0.1:9109/realms/demo",
                "audience": "taskgate",
                "admin_roles": ["task-admin"],
                "claims": {"key": "preferred_username"},
                "login": {"client_id": "taskgate-page"},
            }
        ],
    } == tomllib.loads(text)["auth"]


@pytest.mark.parametrize(
    "document",
    [
        {"a": 'quote " back \\ line \n tab \t bell \x07 ü 漢', "b": [1, 2.5, True], "c": {}},
        {"x": {"y": {"z": 1}, "list": [{"a": 1, "b": {"c": [[1], ["s"]]}}, {}]}, "odd key": {"1.2": "v"}},
        {"top": 1, "table": {"inner": {"deep": "x"}}, "last": False},
    ],
)
def test_what_is_written_reads_back_the_same(document: dict[str, object]) -> None:
    """Python's TOML reader returns the same document."""
    assert document == tomllib.loads(toml(document))


def test_a_member_that_is_none_is_left_out() -> None:
    """TOML has no null."""
    assert "a = 1\n" == toml({"a": 1, "time_zone": None})
