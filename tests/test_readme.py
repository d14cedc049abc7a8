"""README and docs/ are checked by tests: the examples work, and the tables match the code."""

import hashlib
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.connector_info import DirectoryFact
from connectors.sdk.registry import connector_types
from connectors.sdk.settings import CacheSettings, LimitsSettings, LinkSettings, Section, SourceSettings
from gateway.cli import app
from gateway.federation.sources.action_capabilities import action_capabilities
from gateway.settings import (
    CacheBounds,
    CallersSettings,
    ClaimPaths,
    FastPaths,
    IssuerSettings,
    LoginSettings,
    OidcAuth,
    SharedSettings,
    StoreSettings,
    load,
)
from schema.core.enums import UserErrorCode
from schema.core.limits import DocumentLimits
from tests.documents import PAGES, README, ROOT, Page
from tests.world import World

BEHAVIOUR, CLIENTS, CONFIGURATION, OPERATING, PEOPLE, SIGN_IN = (
    Page(f"docs/{name}.md") for name in ("behaviour", "clients", "configuration", "operating", "people", "sign-in")
)


async def test_the_first_query_gives_the_answer_that_the_readme_shows(world: World) -> None:
    """With the data of the demo, exactly. The gateway has made no call before."""
    curl = next(block for block in README.blocks("sh") if block.startswith("curl"))
    words = shlex.split(curl)
    body = json.loads(words[words.index("-d") + 1])

    answer = (await world.client.post("/graphql", json=body)).json()

    expected = json.loads(README.blocks("json")[0])
    # Whether a call had to wait shortly for its turn depends on the machine, and each answer has an id of its own.
    for told in (expected, answer):
        del told["extensions"]["taskgate"]["waits"], told["extensions"]["taskgate"]["waitedMs"]
        assert 16 == len(told["extensions"].pop("requestId"))
    assert expected == answer


async def test_the_readmes_operations_work(world: World) -> None:
    """The query of the queue, then the claim."""
    queue, claim = README.blocks("graphql")
    task = (await world.data(queue))["viewer"]["inbox"]["nodes"][0]

    claimed = (await world.data(claim, id=task["id"]))["claimTask"]

    assert ("APPLIED", "RESERVED", "Alice Moreno") == (
        claimed["status"],
        claimed["task"]["state"],
        claimed["task"]["assignee"]["displayName"],
    )


async def test_a_claim_is_the_line_of_the_audit_that_the_docs_show(world: World) -> None:
    """Its members and their order, and all values that are not of the one write."""
    shown = json.loads(OPERATING.blocks("json")[0])
    _, claim = README.blocks("graphql")
    queue = (
        '{ viewer { inbox(scope: CLAIMABLE, filter: { sourceKey: { eq: "camunda" } }, first: 1) { nodes { id } } } }'
    )
    task = (await world.data(queue))["viewer"]["inbox"]["nodes"][0]
    with capture_logs() as logged:
        answer = await world.ask(claim, id=task["id"])
    [line] = [each for each in logged if each["event"] == "audit"]

    assert [*shown] == [name for name in line if name in shown]
    own = {name: line[name] for name in ("time", "target", "operation")}
    assert {**shown, **own, "codes": (), "request": answer["extensions"]["requestId"]} == {
        name: line[name] for name in shown
    }
    assert {name: len(shown[name]) for name in own} == {name: len(value) for name, value in own.items()}
    told = {row[0].strip("`").replace("`, `", " ") for row in OPERATING.rows("member")}
    assert set(shown) == set(" ".join(told).split())


def test_the_example_configuration_can_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its variables set and its file in place."""
    monkeypatch.setenv("TASKGATE_SECRET", "s" * 32)
    monkeypatch.setenv("ALICE_KEY_SHA256", hashlib.sha256(b"key").hexdigest())
    monkeypatch.setenv("CAMUNDA_SECRET", "c")
    monkeypatch.setenv("GEOTAREAS_API_KEY", "gtk_1")
    (tmp_path / "geotareas.password").write_text("p\n")
    path = tmp_path / "taskgate.toml"
    path.write_text(CONFIGURATION.blocks("toml")[0])

    settings = load(path)

    assert ["camunda", "field"] == [source.key for source in settings.sources]
    assert ("Accounting",) == settings.people[0].caller().identities["field"].groups


def test_the_table_of_vendors_equals_the_connectors() -> None:
    """Verbs are declared once, in the connectors. The table must match them."""
    vendors = re.findall(r"\[(\w+)\]", README.text.split("| action |", 1)[1].splitlines()[0])
    expected = {
        action.value: [
            able[action].support.value if action in able else "-"
            for able in (action_capabilities(connector_types()[vendor].declared()) for vendor in vendors)
        ]
        for action in TaskAction
    }

    assert set(connector_types()) == set(vendors) == {row[0] for row in README.rows("vendor")}
    assert expected == {row[0]: row[1:] for row in README.rows("action")}


def test_the_table_of_settings_equals_the_settings() -> None:
    """Every default."""
    fields = SourceSettings.model_fields
    actual = {row[0].strip("`"): row[1] for row in CONFIGURATION.rows("setting of a source")}

    assert {name: str(fields[name].default) for name in actual} == actual


def test_the_table_of_authority_has_the_modes_of_each_vendor() -> None:
    """In whose name its sources may be called."""
    order = ("service", "viewer", "exchange")
    expected = {
        connector.title: ", ".join(f"`{mode}`" for mode in order if mode in connector.settings_type.modes)
        for connector in connector_types().values()
    }

    assert expected == {row[0]: row[1] for row in CONFIGURATION.rows("vendor | `acts_as`")}


NEW = "application/graphql-response+json"
REFUSALS: dict[str, dict[str, Any]] = {
    "UNAUTHENTICATED": {"headers": {"Authorization": "Bearer mallory"}},
    "BAD_REQUEST": {"json": []},
    "PERSISTED_QUERY_NOT_FOUND": {"json": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a" * 64}}}},
    "METHOD_NOT_ALLOWED": {"method": "PUT"},
    "NOT_ACCEPTABLE": {"headers": {"Accept": "text/plain"}},
    "UNSUPPORTED_MEDIA_TYPE": {"content": "{ __typename }", "headers": {"Content-Type": "application/graphql"}},
    "PAYLOAD_TOO_LARGE": {"json": {"query": "#" * 262_145}},
    "GRAPHQL_PARSE_FAILED": {"json": {"query": "{"}},
    "GRAPHQL_VALIDATION_FAILED": {"json": {"query": "{ nothing }"}},
    "OPERATION_RESOLUTION_FAILURE": {"json": {"query": "{ __typename }", "operationName": "Other"}},
    "BAD_USER_INPUT": {"json": {"query": "query Q($id: ID!) { task(id: $id) { id } }"}},
    "TOO_COSTLY": {"json": {"query": "{ tasks(first: 100) { nodes { form { kind } } } }"}},
    "VALIDATION_FAILED": {"json": {"query": '{ tasks(after: "another question\'s") { totalCount } }'}},
}


@pytest.mark.parametrize("code", REFUSALS)
async def test_each_listed_code_has_the_listed_status(world: World, code: str) -> None:
    """With the newer media type."""
    (shown,) = (row[1] for row in CLIENTS.rows("code") if code in row[0].split(", "))
    request = {"method": "POST", **REFUSALS[code]}
    request["headers"] = {"Accept": NEW, **request.get("headers", {})}

    answer = await world.client.request(url="/graphql", **request)

    assert code == answer.json()["errors"][0]["extensions"]["code"]
    assert re.fullmatch(shown.replace("x", "[0-9]"), str(answer.status_code))


def test_the_listed_codes_are_the_codes_of_the_gateway() -> None:
    """Codes of bad requests, of failures of a source, and INTERNAL."""
    listed = {code for row in CLIENTS.rows("code") for code in row[0].split(", ")}

    assert set(REFUSALS) <= listed
    # Their statuses are tested with the budgets of callers, the providers, the load, and documents by name.
    by_name = {"PERSISTED_QUERY_NOT_SUPPORTED", "DOCUMENT_NOT_TRUSTED"}
    assert listed <= set(REFUSALS) | set(UserErrorCode) | by_name | {
        "INTERNAL",
        "SIGN_IN_UNAVAILABLE",
        "CALLER_LIMITED",
        "OVERLOADED",
        # Tested with the transports of subscriptions.
        "NOT_A_STREAM",
        "TOO_MANY_SUBSCRIPTIONS",
    }


def test_the_listed_statuses_of_a_write_are_all_statuses() -> None:
    """In both tables."""

    told = [BEHAVIOUR.rows("status | means"), CLIENTS.rows("status | show")]

    assert [set(MutationStatus)] * 2 == [{row[0] for row in rows} for rows in told]


def test_the_table_of_limits_equals_the_limits() -> None:
    """All of them, in the order of the settings."""
    actual = {row[0].strip("`"): int(row[1]) for row in CONFIGURATION.rows("`[gateway.limits]`")}

    assert DocumentLimits().model_dump() == actual


@pytest.mark.parametrize(
    ("head", "model"),
    [
        ("`[sources.cache]`", CacheSettings),
        ("`[sources.limits]`", LimitsSettings),
        ("`[gateway.cache]`", CacheBounds),
        ("`[gateway.fast_paths]`", FastPaths),
        ("`[store]`", StoreSettings),
        ("`[shared]`", SharedSettings),
        ("`[gateway.callers]`", CallersSettings),
    ],
)
def test_the_tables_of_cache_and_limits_equal_the_settings(head: str, model: type[Section]) -> None:
    """Defaults and descriptions are defined once, in the settings."""
    expected = [[f"`{name}`", str(field.default), field.description] for name, field in model.model_fields.items()]

    assert expected == CONFIGURATION.rows(head)


@pytest.mark.parametrize(
    ("head", "model"),
    [
        ("`[auth]`", OidcAuth),
        ("`[[auth.issuers]]`", IssuerSettings),
        ("`[auth.issuers.claims]`", ClaimPaths),
        ("`[auth.issuers.login]`", LoginSettings),
    ],
)
def test_the_tables_of_sign_in_equal_the_settings(head: str, model: type[Section]) -> None:
    """Every setting with its default, in the order of the settings."""
    expected = [
        (f"`{name}`", "required" if field.is_required() else repr(field.get_default(call_default_factory=True)))
        for name, field in model.model_fields.items()
        if name != "mode"
    ]
    shown = [(row[0], repr(ClaimPaths()) if row[1] == "see below" else row[1]) for row in SIGN_IN.rows(head)]

    assert expected == shown


def test_the_table_of_link_rules_equals_the_settings() -> None:
    """Every setting with its default, in the order of the settings."""
    expected = [
        (f"`{name}`", repr(field.get_default(call_default_factory=True)))
        for name, field in LinkSettings.model_fields.items()
    ]

    assert expected == [(row[0], row[1]) for row in PEOPLE.rows("`[sources.people]`")]


def test_the_table_of_directories_equals_the_connectors() -> None:
    """What each vendor's directory tells. LittleHorse's depends on its settings."""
    facts = {kind.title: kind.directory for kind in connector_types().values()}
    told = {row[0]: tuple(cell.startswith("yes") for cell in row[1:4]) for row in PEOPLE.rows("vendor")}

    assert {title: told[title] for title in facts if title != "LittleHorse"} == {
        title: tuple(
            fact in each for fact in (DirectoryFact.EMAILS, DirectoryFact.USERNAMES, DirectoryFact.MEMBERSHIPS)
        )
        for title, each in facts.items()
        if title != "LittleHorse"
    }


def test_the_configurations_of_the_sign_in_page_can_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a person, whom keys need."""
    monkeypatch.setenv("ALICE_KEY_SHA256", hashlib.sha256(b"key").hexdigest())
    path = tmp_path / "taskgate.toml"
    modes = []
    for block in SIGN_IN.blocks("toml"):
        path.write_text(f'{block}\n[[people]]\nkey = "alice"\nname = "Alice"\n', encoding="utf-8")
        modes.append(load(path).auth.mode)

    assert ["oidc", "api_keys"] == modes


def test_the_table_of_documented_limits_equals_the_connectors() -> None:
    """The limits of a source whose settings have none."""

    def shown(number: float | None) -> str:
        return "-" if number is None else f"{number:g}"

    expected = [
        [
            connector.title,
            shown(connector.default_limits.requests),
            shown(connector.default_limits.writes),
            shown(connector.default_limits.window),
            shown(connector.default_limits.concurrency),
        ]
        for connector in connector_types().values()
    ]

    assert expected == [row[:5] for row in CONFIGURATION.rows("limits by default")]


def test_every_command_of_the_readme_exists() -> None:
    """`make` targets and `taskgate` commands with their options."""
    makefile = (ROOT / "Makefile").read_text()
    told = " ".join(page.text for page in PAGES)
    targets = set(re.findall(r"`make ([a-z-]+)", told)) | set(re.findall(r"^make ([a-z-]+)", told, re.MULTILINE))
    commands = set(re.findall(r"`taskgate ([a-z]+)", told))

    assert {"demo", "test", "check", "test-edge", "test-long", "test-real", "graphiql", "clean"} == targets
    assert targets <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    single = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert commands <= single | {group.name for group in app.registered_groups}


def test_links_lead_somewhere() -> None:
    """The relative links of the README and of the vendors' pages."""
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("connectors/*/README.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
