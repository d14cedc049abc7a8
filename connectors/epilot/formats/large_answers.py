"""Answers above the vendor's limit of about 5 MB. The vendor sends an address in their place.

The address is requested without our credentials: it carries its own, and its host may belong to another company. It
comes from an answer, so it must not make us send requests into our own network.
"""

import re

import httpx2

from connectors.epilot import wire
from connectors.sdk import Answer, ConnectorError, MalformedResponseError, UnavailableError, Upstream

# The content type of such an answer. The vendor sends one only to a client that accepts it.
LARGE = "application/large-response.vnd+json"

_LONGEST_ADDRESS = 8192
_HOST_NAME = re.compile(r"([a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{1,62}")
_PRIVATE_NETWORKS = (".local", ".internal", ".localhost")


async def whole_answer(answer: Answer, upstream: Upstream) -> Answer:
    """`answer` itself, or the one at the address that it names. Every error after a write is `maybe_applied`."""
    if not answer.headers.get("content-type", "").lower().startswith(LARGE):
        return answer
    address = _allowed(answer.decode(wire.LargeAnswer).address, answer, upstream)
    try:
        payload = await upstream.exchange("GET", address)
    except ConnectorError as error:
        error.maybe_applied = answer.is_write
        raise
    if not payload.ok:
        raise UnavailableError(
            f"keeps a large answer at another address, which refused the request with status {payload.status}",
            maybe_applied=answer.is_write,
            native_status=payload.status,
        )
    return Answer(answer.status, payload.headers, payload.body, answer.is_write)


def _allowed(address: str, answer: Answer, upstream: Upstream) -> str:
    """The address, if it is on the API's own origin, or https with a public host name; else MalformedResponseError."""
    try:
        url = httpx2.URL(address) if len(address) <= _LONGEST_ADDRESS else None
    except httpx2.InvalidURL:
        url = None
    own = httpx2.URL(upstream.settings.base_url)
    if url is not None and not url.userinfo:
        if (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port):
            return str(url)
        if url.scheme == "https" and _is_public_name(url.host):
            return str(url)
    raise MalformedResponseError(
        "keeps a large answer at an address that is not allowed", maybe_applied=answer.is_write
    )


def _is_public_name(host: str) -> bool:
    """Whether it has two labels or more, does not end in a number, and is not the name of a private network."""
    return _HOST_NAME.fullmatch(host) is not None and not host.endswith(_PRIVATE_NETWORKS)
