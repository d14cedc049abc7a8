"""Plain HTTP from Python."""

from typing import Any

import httpx2
import orjson

from tests.clients.steps import PATIENCE_S, signed_in, take

with httpx2.Client(headers={"Accept": "application/graphql-response+json"}, timeout=PATIENCE_S) as client:

    def ask(url: str, document: str, variables: dict[str, Any], method: str, token: str) -> dict[str, Any]:
        if method == "GET":
            params = {"query": document, "variables": orjson.dumps(variables).decode()}
            response = client.get(url, params=params, headers=signed_in(token))
        else:
            response = client.post(url, json={"query": document, "variables": variables}, headers=signed_in(token))
        return {**response.json(), "error": str(response.status_code) if response.is_error else None}

    take(ask)
