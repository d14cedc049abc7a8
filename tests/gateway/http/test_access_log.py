import httpx2
import structlog

from gateway.http.access_log import request_id


async def test_a_request_is_one_line_in_the_log(client: httpx2.AsyncClient) -> None:
    """With caller, operation and duration. Without tokens and variables."""
    with structlog.testing.capture_logs() as lines:
        await client.post(
            "/graphql",
            json={
                "query": "query Mine($id: ID!) { task(id: $id) { id } }",
                "operationName": "Mine",
                "variables": {"id": "variable-never-told"},
            },
            headers={"Authorization": "Bearer bob"},
        )
    line = next(line for line in lines if line["event"] == "request")

    assert {
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "caller": "bob",
        "operation": "Mine",
    }.items() <= line.items()
    assert line["ms"] >= 0
    assert "never-told" not in str(lines)
    assert "Bearer" not in str(lines)


def test_a_trace_id_is_the_request_id() -> None:
    """The trace id of a valid traceparent of any version."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    assert [trace, trace] == [
        request_id(f"00-{trace}-00f067aa0ba902b7-01"),
        request_id(f"cc-{trace}-00f067aa0ba902b7-01-x"),
    ]


def test_a_request_without_a_valid_trace_gets_a_random_id() -> None:
    """A trace id of zeros is invalid (W3C Trace Context, 3.2.2.3)."""
    ids = {request_id(sent) for sent in (None, "", "00-x-y-01", f"00-{'0' * 32}-00f067aa0ba902b7-01")}

    assert {16} == {len(each) for each in ids}
    assert len(ids) == 4
