"""`/`: leads a browser to GraphiQL where it is offered, and tells all others where the API is."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.http.media_types import prefers_html

_TEXT = "taskgate: send GraphQL by POST to graphql, relative to this address.\n"


def front_page(*, has_page: bool) -> Route:
    """`has_page`: a browser that opens the GraphQL route gets a page."""

    async def front(request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "Vary": "Accept", "X-Content-Type-Options": "nosniff"}
        if has_page and prefers_html(request.headers.get("accept")):
            # Relative: right behind any proxy, and no host that a client names gets into it.
            return Response(status_code=307, headers={**headers, "Location": "graphql"})
        return Response(_TEXT, headers=headers, media_type="text/plain")

    return Route("/", front, methods=["GET"])
