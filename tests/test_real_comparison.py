"""The comparison of stand-in and engine, with a second stand-in instead of the engine."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

import connectors.camunda
from sandbox.camunda import STAND_IN, stand_in
from tests.real.cluster import Cluster, client_of
from tests.real.conversations import CONVERSATIONS, directory, reading
from tests.real.differences import ACCEPTED
from tests.real.engine import PASSWORD
from tests.real.exchange import Conversation, Exchange, differences

Converse = Callable[[Conversation], Awaitable[None]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Callable[[Converse, str], Awaitable[list[Exchange]]]:
    """The answers of a fresh server of that version to a conversation. Its reads lag."""
    monkeypatch.setattr(stand_in, "PASSWORD", PASSWORD)

    async def hold(converse: Converse, version: str) -> list[Exchange]:
        server = STAND_IN(release=version)
        server.reset(tasks=0, seed=7, now=None, scenario=None)
        server.settings.read_lag_ms = 30
        async with client_of("http://camunda.test", transport=httpx2.ASGITransport(app=server)) as client:
            talk = Conversation(Cluster(client, plays_listeners=False))
            await converse(talk)
        return talk.exchanges

    return hold


@pytest.mark.parametrize("converse", CONVERSATIONS, ids=lambda converse: converse.__name__)
async def test_two_servers_of_one_version_answer_the_same(
    converse: Converse, said: Callable[[Converse, str], Awaitable[list[Exchange]]]
) -> None:
    """However far their reads lag."""
    once, again = await said(converse, "8.9"), await said(converse, "8.9")

    assert [] == differences(once, again)
    assert len(once) == len({each.label for each in once})


async def test_another_version_has_other_members(
    said: Callable[[Converse, str], Awaitable[list[Exchange]]],
) -> None:
    """A member too many or too few is reported by name."""
    found = differences(await said(reading, "8.9"), await said(reading, "8.10"))

    assert {("task", "businessId"), ("instance", "suspendedDate")} <= {(each.label, each.what) for each in found}
    assert {"absent"} == {each.stand_in for each in found}


def test_status_texts_and_types_are_compared() -> None:
    """All keys count as equal. Of times the format is compared."""

    def answered(status: int, media_type: str, content: str) -> Exchange:
        from tests.real.exchange import exchange_of

        response = httpx2.Response(status, headers={"content-type": media_type}, text=content)
        return exchange_of("x", response, response.json())

    pairs = [
        ('{"at": "2026-01-05T08:15:30.123Z"}', '{"at": "2026-01-05T08:15:30.123456Z"}'),
        ('{"rows": [{"a": 1}, {"a": null}]}', '{"rows": [{"a": 1}]}'),
        ('{"key": "2251799813685732"}', '{"key": 2251799813685732}'),
        ('{"key": "2251799813685732"}', '{"key": "2251799813685733"}'),
    ]
    found = [
        [
            each.what
            for each in differences([answered(200, "application/json", a)], [answered(200, "application/json", b)])
        ]
        for a, b in pairs
    ]
    refused = differences(
        [answered(409, "application/problem+json", '{"title": "INVALID_STATE", "detail": "task 2251799813685732"}')],
        [answered(404, "application/problem+json", '{"title": "NOT_FOUND", "detail": "task 2251799813685733"}')],
    )

    assert [["at"], ["rows[].a"], ["key"], []] == found
    assert ["status", "title"] == [each.what for each in refused]


async def test_two_conversations_are_not_compared(
    said: Callable[[Converse, str], Awaitable[list[Exchange]]],
) -> None:
    with pytest.raises(ValueError, match="asked different things"):
        differences(await said(reading, "8.9"), await said(directory, "8.9"))


def test_the_readme_lists_the_accepted_differences() -> None:
    """Each with its reason, and no other."""
    assert connectors.camunda.__file__ is not None
    text = (Path(connectors.camunda.__file__).parent / "README.md").read_text(encoding="utf-8")
    section = text.split("## Against a real engine", 1)[1]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    rows = {tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[1:]}

    assert rows == {(each.label, each.what, each.reason) for each in ACCEPTED}
