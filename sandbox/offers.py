"""What `/__sandbox__/` of a stand-in says: each request that the control interface takes, with an example of its body."""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from sandbox.faults import Fault, FaultKind

OFFERS: Mapping[tuple[str, str], str] = {
    ("GET", ""): "this list",
    ("GET", "requests"): "the requests that arrived, the newest 10,000; credentials are masked",
    ("DELETE", "requests"): "forgets them",
    (
        "GET",
        "effects",
    ): "the changes that were applied; the actor is the account or person of the request's credentials",
    ("DELETE", "effects"): "forgets them",
    ("POST", "faults"): f"plants a fault, one of {', '.join(get_args(FaultKind))}, for the next requests that match; "
    "method and path are regular expressions",
    ("DELETE", "faults"): "removes all planted faults",
    ("POST", "reset"): "makes fresh data; clears requests, effects and faults",
    ("POST", "settings"): "how long reads lag behind writes, how long reads are cached, and what a row costs, in ms",
    ("POST", "rate-limit"): "requests, and writes, in a window; without limit there is none",
}
"""By method and path below the prefix."""


def offers(vendor: str, prefix: str, bodies: Mapping[str, type[msgspec.Struct]]) -> dict[str, Any]:
    """`bodies`: what a POST takes, by path. Every member of an example has its default."""
    listed = []
    for (method, name), does in OFFERS.items():
        offer: dict[str, Any] = {"request": f"{method} {prefix}{name}", "does": does}
        if method == "POST":
            offer["body"] = msgspec.to_builtins(Fault(kind="status") if name == "faults" else bodies[name]())
        listed.append(offer)
    return {"vendor": vendor, "control": listed}
