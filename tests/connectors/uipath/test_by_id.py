"""Tasks by id: one by its own path, several by lists of ids."""

import httpx2
import pytest

from connectors.sdk.errors import ConnectorError, UnavailableError
from tests.connectors.uipath.test_paging import Scripted, row


async def test_one_task_is_read_by_its_own_path_and_several_by_one_list(scripted: Scripted) -> None:
    """Rows are found by id, in any order. Tasks of other folders are absent."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path.rsplit("/", 1)[-1] + " " + request.url.params.get("$filter", ""))
        if request.url.path.endswith("/Tasks(1)"):
            return httpx2.Response(200, json=row(1))
        return httpx2.Response(200, json={"@odata.count": 4, "value": [row(3), row(2), row(1), row(9)]})

    connector = scripted(answer)
    one = await connector.get_tasks(["828-1", "828-1"])
    several = await connector.get_tasks(["828-1", "828-2", "1-3", "828-4", "x"])

    assert ["828-1"] == list(one)
    assert {"828-1", "828-2"} == set(several)
    assert [
        "Tasks(1) ",
        "UiPath.Server.Configuration.OData.GetTasksAcrossFolders (Id eq 1 or Id eq 2 or Id eq 3 or Id eq 4)",
    ] == asked


@pytest.mark.parametrize("native_id", ["829-1", "828-2"])
async def test_another_task_than_the_requested_one_is_absent(scripted: Scripted, native_id: str) -> None:
    """The folder is part of the id."""
    connector = scripted(lambda request: httpx2.Response(200, json=row(1)))

    assert {} == await connector.get_tasks([native_id])


async def test_a_batch_that_failed_is_each_tasks_error(scripted: Scripted) -> None:
    """The other batches are read."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if "Id eq 50 " in request.url.params["$filter"] + " ":
            return httpx2.Response(503)
        return httpx2.Response(200, json={"value": [row(number) for number in range(1, 41)]})

    found = await scripted(answer).get_tasks([f"828-{number}" for number in range(1, 61)])
    failed = [key for key, each in found.items() if isinstance(each, ConnectorError)]

    assert 60 == len(found)
    assert [f"828-{number}" for number in range(41, 61)] == sorted(failed)
    assert all(isinstance(found[key], UnavailableError) for key in failed)
