"""Bodies, folder headers and ids of requests, read as forgivingly as the vendor does."""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request

from sandbox.uipath.directory import FOLDERS, Folder
from sandbox.uipath.identity import Caller
from sandbox.uipath.refusals import RefusalError, folder_required, invalid, no_folder

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
        """A required id, from 1 on."""
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
        """One of an enum's names, in whatever case, or its number."""
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
        """A JSON object as it is, its names untouched."""
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
    """Raise 415 for what is not sent as JSON, 400 for what is no JSON object."""
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
    """The folder that one of the headers names, if one does; raise 404 where the caller is not allowed."""
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
    """Raise 400 where no header names a folder."""
    found = folder_of(request, caller)
    if found is None:
        raise folder_required()
    return found


def id_of(text: str | None) -> int | None:
    """An int64 of a path or query string; None for anything else."""
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
