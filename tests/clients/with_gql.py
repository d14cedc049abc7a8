"""The Python client gql, over httpx2. It has no GET."""

from typing import Any

from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport

from tests.clients.steps import PATIENCE_S, signed_in, take


def ask(url: str, document: str, variables: dict[str, Any], method: str, token: str) -> dict[str, Any]:
    assert method == "POST"
    # Patient: on a busy machine an answer may take longer than the defaults, 5 and 10 seconds.
    client = Client(transport=HTTPXTransport(url, headers=signed_in(token), timeout=PATIENCE_S), execute_timeout=None)
    request = gql(document)
    request.variable_values = variables
    try:
        return {"data": client.execute(request)}
    except TransportQueryError as error:
        return {"data": error.data, "errors": error.errors, "error": type(error).__name__}


take(ask)
