"""One request on its way through the stand-in, and how handlers are found for it."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from sandbox.stand_in import EffectLog
from sandbox.uipath.directory import Folder
from sandbox.uipath.identity import Caller
from sandbox.uipath.odata_types import AnswerStyle
from sandbox.uipath.records import Task
from sandbox.uipath.refusals import not_authorized
from sandbox.uipath.requests import id_of, required_folder
from sandbox.uipath.store import Store


@dataclass(slots=True)
class Call:
    """`parts` are what the path's placeholders hold; `lag_ms` is how long Maestro takes to do what it accepted."""

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

    def folder(self) -> Folder:
        """The one that a header must name."""
        return required_folder(self.request, self.caller)

    def editable(self, id: int) -> Task:
        """A task of the header's folder, where the caller must have Tasks.Edit."""
        folder = self.folder()
        if folder.id not in self.caller.edit:
            raise not_authorized()
        return self.store.within(id, folder, self.caller)

    def task_of_query(self) -> Task:
        """The task that `taskId` names, in the header's folder."""
        return self.store.within(id_of(self.request.query_params.get("taskId")), self.folder(), self.caller)

    def effect(self, action: str, folder: int, id: object) -> None:
        """An id alone does not say where a task or an instance is, which most operations must be told."""
        request_id = self.request.headers.get("x-request-id")
        self.effects.record(action, f"{folder}-{id}", self.caller.name, request_id)


Handler = Callable[[Call], Awaitable[Response] | Response]
H = TypeVar("H")


class Routes(Generic[H]):
    """Paths with `{}` placeholders, matched without case as the vendor does."""

    def __init__(self, routes: Sequence[tuple[str, str, H]]) -> None:
        self._routes = [
            (method, re.compile(re.escape(path).replace(r"\{\}", "([^/]+)"), re.IGNORECASE), handler)
            for method, path, handler in routes
        ]

    def find(self, method: str, path: str) -> tuple[H, tuple[str, ...]] | int:
        """Give the handler and what stands in the placeholders, or 404 or 405."""
        known = False
        for each, pattern, handler in self._routes:
            match = pattern.fullmatch(path)
            if match is not None:
                known = True
                if each == method:
                    return handler, match.groups()
        return 405 if known else 404
