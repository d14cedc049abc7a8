"""Sends the steps of a test through a client, as steps.mjs does."""

import sys
from collections.abc import Callable
from typing import Any

import orjson

# Seconds that a client waits for an answer.
PATIENCE_S = 300


def take(ask: Callable[..., dict[str, Any]]) -> None:
    asked = orjson.loads(sys.argv[1])
    told = {}
    for step in asked["steps"]:
        answer = ask(asked["url"], **{name: value for name, value in step.items() if name != "name"})
        told[step["name"]] = {
            "data": answer.get("data"),
            "codes": [error["extensions"]["code"] for error in answer.get("errors") or ()],
            "error": answer.get("error"),
        }
    sys.stdout.buffer.write(orjson.dumps(told))


def signed_in(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
