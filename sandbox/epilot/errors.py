"""The vendor's errors. Each API has its own kind of body."""

from typing import Any

import orjson
from starlette.responses import Response


class RefusalError(Exception):
    """An error answer. `described`: whether the vendor's description of the operation has a body for it."""

    def __init__(self, status: int, message: str, *, described: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.described = described


def unauthorized() -> RefusalError:
    return RefusalError(401, "Unauthorized")


def forbidden() -> RefusalError:
    return RefusalError(403, "Forbidden")


def invalid(message: str) -> RefusalError:
    return RefusalError(400, message)


def not_found(what: str) -> RefusalError:
    return RefusalError(404, f"{what} not found")


def refused(refusal: RefusalError, *, api: str, described: bool) -> Response:
    """Answer as one of the APIs does: `workflow`, `user`, `kanban` or `query`."""
    if not described:
        return Response(status_code=refusal.status)
    body: dict[str, Any] = {"message": refusal.message}
    if api in ("kanban", "query"):
        body["status"] = refusal.status
    return Response(orjson.dumps(body), refusal.status, media_type="application/json")


def too_many_requests(retry_after_s: int) -> Response:
    """Answer with the body that the vendor documents for its Entity API, the only one with quotas."""
    body = {"status": 429, "error": "Too many requests. Try again later."}
    return Response(orjson.dumps(body), 429, media_type="application/json", headers={"Retry-After": str(retry_after_s)})
