import httpx2
import structlog


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


async def test_long_paths_and_names_of_operations_are_cut(client: httpx2.AsyncClient) -> None:
    name = "N" * 20_000
    with structlog.testing.capture_logs() as lines:
        await client.get("/" + "p" * 60_000)
        await client.post("/graphql", json={"query": f"query {name} {{ __typename }}", "operationName": name})
    first, second = [line for line in lines if line["event"] == "request"]

    assert first["path"] == "/" + "p" * 199
    assert second["operation"] == "N" * 200
    assert len(str(lines)) < 3_000
