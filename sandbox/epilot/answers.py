"""Answers: the reply of an operation, and the detour of answers that are too large for the vendor's gateway."""

import secrets
from collections import OrderedDict
from typing import Any

import msgspec
import orjson
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/large-response.vnd+json"
MOST_BYTES = 5_100_000
PREFIX = "/large-responses/"
MOST_KEPT = 20


class Reply(Struct, frozen=True):
    status: int
    content: bytes = b""


def json_reply(content: Any, status: int = 200) -> Reply:
    return Reply(status, msgspec.json.encode(content))


NO_CONTENT = Reply(204)


class LargeAnswers:
    """Answers of more than `most_bytes` are stored, and the client gets an address to fetch them without credentials."""

    def __init__(self) -> None:
        self.most_bytes = MOST_BYTES
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def answered(self, request: Request, content: bytes, response: Response) -> Response:
        """Return the answer itself, or in its place the address of the stored answer or a 413."""
        if len(content) <= self.most_bytes:
            return response
        if MEDIA_TYPE not in request.headers.get("accept", ""):
            body = {"message": "Payload Too Large"}
            return Response(orjson.dumps(body), 413, media_type="application/json")
        key = secrets.token_urlsafe(24)
        self._kept[key] = content
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        reference = {"$payload_ref": f"{str(request.base_url).rstrip('/')}{PREFIX}{key}?X-Amz-Expires=300"}
        # No charset: the vendor's client compares the whole header.
        return Response(orjson.dumps(reference), headers={"content-type": MEDIA_TYPE})

    def fetched(self, request: Request) -> Response:
        """Answer as a storage with signed addresses does: further credentials are an error."""
        if "authorization" in request.headers or "x-epilot-org-id" in request.headers:
            return Response("<Error><Code>InvalidArgument</Code></Error>", 400, media_type="application/xml")
        content = self._kept.get(request.url.path.removeprefix(PREFIX))
        if content is None:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
        return Response(content, media_type="application/json")
