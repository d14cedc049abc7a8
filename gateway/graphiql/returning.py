"""Where identity providers send people back to: with several, each to an address of its own (RFC 9700, section 4.4.2.2).

A provider that is not honest can send a person on to an honest one, to get the code that this one gives. The honest one sends
the person back to its own address only, so that the page sees which provider the code is of.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.settings import OidcAuth, Settings

# What a provider answers with (RFC 6749, section 4.1.2; RFC 9207), and characters of it that are passed on.
_ANSWER = ("code", "state", "iss", "error")
_LONGEST = 4_096


def names(settings: Settings) -> Mapping[str, str]:
    """The name in its address for each issuer with a `login`; none where there is only one such issuer."""
    issuers = settings.auth.issuers if isinstance(settings.auth, OidcAuth) else ()
    found = {issuer.issuer: issuer.prefix for issuer in issuers if issuer.login is not None}
    return found if len(found) > 1 else {}


def route(found: Callable[[], Mapping[str, str]], *, folder: str = "graphiql", page: str = "graphql") -> Route:
    """Leads from a provider's address, /`folder`/back/<name>, to the page /`page`, which is told the provider's name as `at`.

    `found` are the names of now.
    """

    async def back(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in found().values():
            return Response("There is no such file.\n", 404, {"Cache-Control": "no-store"}, "text/plain")
        answer = {
            key: value for key in _ANSWER if len(value := request.query_params.get(key, "")) in range(1, _LONGEST)
        }
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        # Relative: the page may lie below the path of a proxy.
        return RedirectResponse(f"../../{page}?{urlencode({**answer, 'at': name})}", 303, headers)

    return Route(f"/{folder}/back/{{name}}", back, methods=["GET"])
