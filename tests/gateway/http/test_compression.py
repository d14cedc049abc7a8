import gzip
from typing import Any

import httpx2
import pytest
from starlette.responses import Response

from gateway.http import Compression
from gateway.http.compression import SMALLEST, takes_gzip

ROWS = b'{"data":{"nodes":[' + b'{"title":"Approve invoice"},' * 400 + b"null]}}"


async def asked(body: bytes, accepted: str | None) -> httpx2.Response:
    """The answer as it was sent, its body not decoded."""
    app: Any = Compression(Response(body, media_type="application/json", headers={"Vary": "Accept"}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client:
        client.headers.pop("accept-encoding")
        headers = {} if accepted is None else {"Accept-Encoding": accepted}
        async with client.stream("GET", "/", headers=headers) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
    return httpx2.Response(answer.status_code, headers={"X-Raw": raw.hex(), "X-Head": str(dict(answer.headers))})


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP ;q=0.5", "deflate,gzip"])
async def test_a_large_answer_is_smaller_where_the_client_takes_it(accepted: str) -> None:
    answer = await asked(ROWS, accepted)
    raw = bytes.fromhex(answer.headers["x-raw"])

    assert gzip.decompress(raw) == ROWS
    assert len(raw) * 5 < len(ROWS)
    assert "'content-encoding': 'gzip'" in answer.headers["x-head"]
    assert "Accept, Accept-Encoding" in answer.headers["x-head"]


@pytest.mark.parametrize(
    "accepted", [None, "", "br", "*", "identity", "gzip;q=0", "gzip; q=0.000", "gzip;q=x", "xgzip"]
)
async def test_other_answers_are_as_they_were(accepted: str | None) -> None:
    """Only clients that ask for it get it."""
    answer = await asked(ROWS, accepted)

    assert bytes.fromhex(answer.headers["x-raw"]) == ROWS
    assert "content-encoding" not in answer.headers["x-head"]


@pytest.mark.parametrize(("size", "packed"), [(SMALLEST - 1, False), (SMALLEST, True)])
async def test_small_answers_are_not_compressed(size: int, packed: bool) -> None:
    answer = await asked(b"x" * size, "gzip")

    assert ("content-encoding" in answer.headers["x-head"]) is packed


def test_a_header_that_names_gzip_twice_is_read_once() -> None:
    assert takes_gzip("gzip;q=1, gzip;q=0")


async def test_the_graph_is_compressed_and_what_needs_no_sign_in_is_not(client: httpx2.AsyncClient) -> None:
    """An introspection comes from the route; metrics are as long, and a stranger may ask for them."""
    document = "{ __schema { types { name description fields { name description } } } }"
    answers = [
        await client.post("/graphql", json={"query": document}, headers={"Accept-Encoding": "gzip"}),
        await client.get("/metrics", headers={"Accept-Encoding": "gzip"}),
    ]

    assert ["gzip", None] == [answer.headers.get("content-encoding") for answer in answers]
    assert min(len(answer.content) for answer in answers) > SMALLEST


@pytest.mark.parametrize(("size", "varies"), [(SMALLEST - 1, False), (SMALLEST, True)])
@pytest.mark.parametrize("accepted", [None, "gzip"])
async def test_caches_are_told_where_clients_get_other_bytes(size: int, varies: bool, accepted: str | None) -> None:
    answer = await asked(b"x" * size, accepted)

    assert ("'vary': 'Accept, Accept-Encoding'" in answer.headers["x-head"]) is varies
