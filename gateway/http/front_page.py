"""`/`: the inbox page, or the way to GraphiQL, for a browser; all others are told where the API is."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.http.media_types import prefers_html

_TEXT = "taskgate: send GraphQL by POST to graphql, relative to this address.\n"


def front_page(*, has_page: bool, inbox: Callable[[Request], Awaitable[Response]] | None = None) -> Route:
    """`has_page`: a browser that opens the GraphQL route gets a page. `inbox`: the page of this route, if there is one."""

    async def front(request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}
        if prefers_html(request.headers.get("accept")):
            if inbox is not None:
                return await inbox(request)
            if has_page:
                # Relative: right behind any proxy, and no host that a client names gets into it.
                return Response(status_code=307, headers={**headers, "Location": "graphql"})
        return Response(_TEXT, headers=headers, media_type="text/plain")

    return Route("/", front, methods=["GET"])
