"""Sends the steps of tests through a client, one test a line of standard input, as steps.mjs does."""

import sys
from collections.abc import Callable
from typing import Any

import orjson

# Seconds that a client waits for an answer.
PATIENCE_S = 300


def take(ask: Callable[..., dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        asked = orjson.loads(line)
        told = {}
        for step in asked["steps"]:
            answer = ask(asked["url"], **{name: value for name, value in step.items() if name != "name"})
            told[step["name"]] = {
                "data": answer.get("data"),
                "codes": [error["extensions"]["code"] for error in answer.get("errors") or ()],
                "error": answer.get("error"),
            }
        sys.stdout.buffer.write(orjson.dumps(told) + b"\n")
        sys.stdout.buffer.flush()


def signed_in(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
