"""What `taskgate check` says of the directories that link people."""

import tomllib
from pathlib import Path
from typing import Any

import httpx2

from connectors.camunda import CamundaConnector
from connectors.sdk.registry import connector_types
from connectors.sdk.settings import SourceSettings
from gateway.cli.directory_check import directory_row
from gateway.settings import Settings, load
from sandbox.camunda import CamundaStandIn
from sandbox.config import configuration, toml


def settings_with(folder: Path, stand_in: CamundaStandIn, rules: dict[str, Any], **identities: Any) -> Settings:
    """Alice has these identities."""
    raw = tomllib.loads(configuration([stand_in], {"camunda": "http://camunda.test"}, "a secret of the tests"))
    raw["sources"][0]["people"] = rules
    raw["people"][0]["identities"] = identities
    path = folder / "taskgate.toml"
    path.write_text(toml(raw), encoding="utf-8")
    return load(path)


async def row_of(settings: Settings, stand_in: CamundaStandIn) -> tuple[str, str, str, str] | None:
    # httpx2 and Starlette type ASGI applications differently.
    app: Any = stand_in
    section: SourceSettings = settings.sources[0]
    kind = connector_types()["camunda"]
    assert issubclass(kind, CamundaConnector)
    connector = kind.open(section, transport=httpx2.ASGITransport(app=app))  # type: ignore[arg-type]
    try:
        return await directory_row(settings, section, connector)
    finally:
        await connector.aclose()


async def test_check_says_whether_the_directory_links_people_and_what_it_does_not_know(tmp_path: Path) -> None:
    """Configured people by key and id, and configured groups. Bob and Carol are known."""
    stand_in = CamundaStandIn()
    stand_in.reset(tasks=1, seed=7, now=None, scenario=None)
    settings = settings_with(
        tmp_path,
        stand_in,
        {"match": "email", "groups": "directory"},
        camunda={"id": "alyce", "groups": ["accounting", "Accountants"]},
    )

    row = await row_of(settings, stand_in)

    assert row is not None
    assert ("camunda", "match = email, groups = directory", "OK") == row[:3]
    assert "accounts in use" in row[3]
    assert "does not know the people alyce" not in row[3]
    assert "does not know the people alice (alyce); does not know the groups Accountants" in row[3]


async def test_check_needs_no_directory_where_no_rule_and_no_person_does(tmp_path: Path) -> None:
    """One that cannot be read is a fault where a rule needs it, and else only said."""
    stand_in = CamundaStandIn()
    stand_in.reset(tasks=1, seed=7, now=None, scenario=None)
    needed = settings_with(tmp_path, stand_in, {"match": "email"})
    not_needed = settings_with(tmp_path, stand_in, {})
    failing: Any = lambda *_: None  # noqa: E731

    assert (await row_of(needed, stand_in) or ("",) * 4)[2] == "OK"
    assert (await row_of(not_needed, stand_in) or ("",) * 4)[1] == "people.identities"
    assert (await row_of(needed, failing) or ("",) * 4)[2] not in {"OK", "UNREAD"}
    assert (await row_of(not_needed, failing) or ("",) * 4)[2] == "UNREAD"
