"""One request: its body, folder headers and ids, read as leniently as the vendor does, and what an operation needs."""

import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.stand_in import EffectLog
from sandbox.uipath.auth import Caller
from sandbox.uipath.directory import FOLDERS, Folder
from sandbox.uipath.errors import RefusalError, folder_required, invalid, no_folder, not_authorized
from sandbox.uipath.records import Task
from sandbox.uipath.store import Store
from sandbox.uipath.variants import AnswerStyle

_LONG = 1 << 63
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


class Body:
    """A JSON object whose names are matched without case."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = {name.lower(): value for name, value in content.items()}

    def has(self, name: str) -> bool:
        return self._content.get(name.lower()) is not None

    def integer(self, name: str) -> int | None:
        value = self._content.get(name.lower())
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not -_LONG <= value < _LONG:
            raise invalid(f"{name} must be a number.")
        return value

    def id(self, name: str) -> int:
        """Return a required id of at least 1."""
        value = self.integer(name)
        if value is None or value < 1:
            raise invalid(f"{name} is required.")
        return value

    def text(self, name: str, *, longest: int | None = None) -> str | None:
        value = self._content.get(name.lower())
        if value is None:
            return None
        if not isinstance(value, str):
            raise invalid(f"{name} must be a string.")
        if longest is not None and len(value) > longest:
            raise invalid(f"The field {name} must be a string with a maximum length of {longest}.")
        return value

    def choice(self, name: str, values: tuple[str, ...]) -> str | None:
        """Return one of an enum's names. The body has the name in any case, or its number."""
        value = self._content.get(name.lower())
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(values):
            return values[value]
        for each in values:
            if isinstance(value, str) and value.lower() == each.lower():
                return each
        raise invalid(f"{name} has an unknown value.")

    def flag(self, name: str) -> bool:
        return self._content.get(name.lower()) is True

    def object(self, name: str) -> dict[str, Any] | None:
        """Return a JSON object with its names unchanged."""
        value = self._content.get(name.lower())
        if value is not None and not isinstance(value, dict):
            raise invalid(f"{name} must be an object.")
        return value

    def bodies(self, name: str) -> list["Body"]:
        value = self._content.get(name.lower())
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise invalid(f"{name} is required.")
        return [Body(each) for each in value]

    def integers(self, name: str) -> list[int]:
        value = self._content.get(name.lower())
        if not isinstance(value, list) or not all(isinstance(each, int) and abs(each) < _LONG for each in value):
            raise invalid(f"{name} is required.")
        return value

    def texts(self, name: str) -> list[str]:
        value = self._content.get(name.lower())
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise invalid(f"{name} must be a list of strings.")
        return value


async def body_of(request: Request) -> Body:
    """Raise 415 for another content type than JSON, 400 for a body that is no JSON object."""
    if "json" not in request.headers.get("content-type", ""):
        raise RefusalError(415, "Unsupported Media Type", 0)
    try:
        content = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise invalid("The request body is not valid JSON.") from None
    if not isinstance(content, dict):
        raise invalid("The request body must be an object.")
    return Body(content)


def folder_of(request: Request, caller: Caller) -> Folder | None:
    """Return the folder that a header names, None without such a header. Raises 404 if the caller may not see it."""
    headers = request.headers
    found: Folder | None = None
    if text := headers.get("x-uipath-organizationunitid"):
        found = FOLDERS.get(int(text)) if text.isascii() and text.isdigit() and len(text) < 20 else None
    elif text := headers.get("x-uipath-folderkey"):
        found = next((each for each in FOLDERS.values() if each.key == text.lower()), None)
    elif text := headers.get("x-uipath-folderpath"):
        found = _at_path(text)
    elif text := headers.get("x-uipath-folderpath-encoded"):
        found = _at_path(_decoded(text))
    else:
        return None
    if found is None or found.id not in caller.view:
        raise no_folder()
    return found


def required_folder(request: Request, caller: Caller) -> Folder:
    """Return the folder that a header names. Raises 400 without such a header."""
    found = folder_of(request, caller)
    if found is None:
        raise folder_required()
    return found


def id_of(text: str | None) -> int | None:
    """Return the int64 in a path or query string, None for anything else."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    value = int(text)
    return value if value < _LONG else None


def guid_of(text: str | None) -> str | None:
    return text.lower() if text is not None and _GUID.fullmatch(text) else None


def _at_path(text: str) -> Folder | None:
    return next((each for each in FOLDERS.values() if each.path.lower() == text.strip("/").lower()), None)


def _decoded(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode("utf-16-le")
    except (ValueError, UnicodeDecodeError):
        raise no_folder() from None


@dataclass(slots=True)
class Call:
    """A request with what its operation needs. `parts` are the values of the path's placeholders.

    `lag_ms`: Maestro carries out an accepted command after so many milliseconds.
    """

    request: Request
    parts: tuple[str, ...]
    caller: Caller
    store: Store
    style: AnswerStyle
    now: datetime
    effects: EffectLog
    lag_ms: int

    @property
    def query_string(self) -> bytes:
        found: bytes = self.request.scope["query_string"]
        return found

    def require_reading(self) -> None:
        self.caller.needs("OR.Tasks", "OR.Tasks.Read")

    def require_writing(self) -> None:
        self.caller.needs("OR.Tasks", "OR.Tasks.Write")

    def folder(self) -> Folder:
        """Return the folder that a header must name."""
        return required_folder(self.request, self.caller)

    def editable(self, id: int) -> Task:
        """Return a task of the header's folder. Raises 403 unless the caller has Tasks.Edit there."""
        folder = self.folder()
        if folder.id not in self.caller.edit:
            raise not_authorized()
        return self.store.within(id, folder, self.caller)

    def task_of_query(self) -> Task:
        """Return the task that the parameter `taskId` names, in the header's folder."""
        return self.store.within(id_of(self.request.query_params.get("taskId")), self.folder(), self.caller)

    def effect(self, action: str, folder: int, id: object) -> None:
        """Record an applied change. Its native id has the folder in front: most operations require the folder."""
        request_id = self.request.headers.get("x-request-id")
        self.effects.record(action, f"{folder}-{id}", self.caller.name, request_id)


Handler = Callable[[Call], Awaitable[Response] | Response]
