"""The vendor's errors, with the bodies of Orchestrator, Maestro and the identity server."""

import secrets
from collections.abc import Mapping
from typing import Any, Literal

import orjson
from starlette.responses import Response

INVALID = 1000
NOT_FOUND = 1002
FOLDER = 1100
FOLDER_REQUIRED = 1101

ErrorBody = Literal["orchestrator", "maestro", "identity"]


class RefusalError(Exception):
    """An answer other than 2xx. `code` is the error number of Orchestrator and Maestro."""

    def __init__(
        self, status: int, message: str, code: int = 0, *, body: ErrorBody = "orchestrator", error: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.body = body
        self.error = error

    def response(self) -> Response:
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else None
        return Response(orjson.dumps(self._content()), self.status, media_type="application/json", headers=headers)

    def _content(self) -> Mapping[str, Any]:
        match self.body:
            case "identity":
                return {"error": self.error}
            case "maestro":
                trace = secrets.token_hex(16)
                return {"type": f"PIMS-{self.code}", "title": self.message, "status": self.status, "traceId": trace}
            case "orchestrator":
                trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
                return {"message": self.message, "errorCode": self.code, "traceId": trace}


def invalid(message: str) -> RefusalError:
    return RefusalError(400, message, INVALID)


def bad_query(reason: str) -> RefusalError:
    return invalid(f"Invalid OData query options. {reason}")


def no_task() -> RefusalError:
    return RefusalError(404, "Action does not exist.", NOT_FOUND)


def no_folder() -> RefusalError:
    return RefusalError(404, "Folder does not exist or the user does not have access to the folder.", FOLDER)


def folder_required() -> RefusalError:
    return RefusalError(400, "A folder is required for this action.", FOLDER_REQUIRED)


def not_authenticated() -> RefusalError:
    return RefusalError(401, "You are not authenticated!")


def not_authorized() -> RefusalError:
    return RefusalError(403, "You are not authorized!")


def pims(status: int, code: int, message: str) -> RefusalError:
    return RefusalError(status, message, code, body="maestro")


def oauth(error: str) -> RefusalError:
    return RefusalError(400, error, body="identity", error=error)
