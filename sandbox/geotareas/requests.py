"""Query strings and bodies, checked as the vendor documents them."""

from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request

from sandbox.geotareas.directory import TIME_ZONE
from sandbox.geotareas.errors import invalid, missing_headers

TASK_STATUSES = ("PENDING", "IN_PROGRESS", "COMPLETED")
INSTANCE_STATUSES = ("RUNNING", "COMPLETED", "CANCELLED", "ERROR")
DEFINITION_STATUSES = ("active", "inactive", "all")
ENTITY_TYPES = ("TAREA", "CUENTA", "CLIENTE", "PERSONAL", "DISPOSITIVO", "NINGUNA")

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]


class LoginBody(msgspec.Struct):
    email: Annotated[str, msgspec.Meta(pattern="^[^@\\s]+@[^@\\s]+$")]
    password: Annotated[str, msgspec.Meta(min_length=1)]


class CompleteBody(msgspec.Struct):
    result_code: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    captured_data: dict[str, Any] | None = None
    comment: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


class ReassignBody(msgspec.Struct):
    assign_to_user_id: _Id | None = None
    assign_to_group_id: _Id | None = None
    comment: Annotated[str, msgspec.Meta(max_length=500)] | None = None


B = TypeVar("B")


def body_of(content: bytes, kind: type[B]) -> B:
    """Decode a JSON body; raise 400 `VALIDATION_ERROR` with the reason."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(f"Invalid body: {error}") from None


def require_json(request: Request) -> None:
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise missing_headers(["Content-Type: application/json"])


class Query:
    """The parameters of a query string. The last value of a repeated parameter counts; unknown parameters are ignored."""

    def __init__(self, query_string: bytes) -> None:
        self._values = dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))

    def number(self, name: str, *, default: int, least: int, most: int | None = None) -> int:
        text = self._values.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 18:
            raise invalid(f"{name} must be an integer.")
        value = int(text)
        if value < least or (most is not None and value > most):
            raise invalid(f"{name} must be {f'between {least} and {most}' if most else f'at least {least}'}.")
        return value

    def text(self, name: str, *, longest: int | None = None) -> str | None:
        value = self._values.get(name)
        if value is not None and longest is not None and len(value) > longest:
            raise invalid(f"{name} must have at most {longest} characters.")
        return value

    def choice(self, name: str, values: tuple[str, ...]) -> str | None:
        value = self._values.get(name)
        if value is not None and value not in values:
            raise invalid(f"{name} must be one of {', '.join(values)}.")
        return value

    def flag(self, name: str) -> bool:
        return self.choice(name, ("true", "false")) == "true"

    def moment(self, name: str) -> float | None:
        """Return seconds since 1970. A date is its midnight; a time without a zone is in the company's zone."""
        text = self.text(name, longest=30)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise invalid(f"{name} must be a date in ISO 8601.") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(TIME_ZONE))).timestamp()
