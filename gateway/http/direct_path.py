"""Requests of one path go to their application without the router, whose layers cost more than a kept answer."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class DirectPath:
    """Middleware, the innermost. What is not exactly `path`, or has a root path before it, goes the ordinary way, and so does
    everything while `is_on` is False.
    """

    def __init__(self, app: ASGIApp, *, path: str, to: ASGIApp, is_on: Callable[[], bool] = lambda: True) -> None:
        self._app = app
        self._path = path
        self._to = to
        self._is_on = is_on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_direct = (
            scope["type"] == "http" and scope["path"] == self._path and not scope.get("root_path") and self._is_on()
        )
        await (self._to if is_direct else self._app)(scope, receive, send)
