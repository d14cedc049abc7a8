"""Where clients learn which identity provider signs people in (RFC 9728)."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from gateway.settings import AuthSettings, OidcAuth

WELL_KNOWN = "/.well-known/oauth-protected-resource"
GRAPHQL = "/graphql"

# The Host header is the client's own text: anything else would not be told back.
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?")


class ProtectedResource:
    """The metadata of /graphql. Without `[auth] mode = "oidc"` there is none."""

    def __init__(self, auth: AuthSettings) -> None:
        self._auth = auth if isinstance(auth, OidcAuth) else None

    def change(self, auth: AuthSettings) -> None:
        """Other providers from now on."""
        self._auth = auth if isinstance(auth, OidcAuth) else None

    def metadata_address(self, scope: Scope) -> str | None:
        """Where the metadata are, for a challenge (RFC 9728 section 3.1: the path follows the well-known name)."""
        resource = self._resource(scope)
        if resource is None:
            return None
        parts = urlsplit(resource)
        return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"

    def routes(self) -> Sequence[Route]:
        if self._auth is None:
            return ()
        path = urlsplit(self._auth.resource or GRAPHQL).path.rstrip("/")
        paths = dict.fromkeys((WELL_KNOWN, WELL_KNOWN + GRAPHQL, WELL_KNOWN + path))
        return [Route(path, self._metadata, methods=["GET"]) for path in paths]

    async def _metadata(self, request: Request) -> Response:
        resource = self._resource(request.scope)
        if self._auth is None or resource is None:
            return JSONResponse({"error": "invalid_request"}, 400)
        scopes = dict.fromkeys(
            scope for issuer in self._auth.issuers if issuer.login is not None for scope in issuer.login.scopes
        )
        document = {
            "resource": resource,
            "resource_name": "taskgate",
            "authorization_servers": [issuer.issuer for issuer in self._auth.issuers],
            "bearer_methods_supported": ["header"],
            **({"scopes_supported": list(scopes)} if scopes else {}),
        }
        # Metadata are public: pages of any origin may read them.
        return JSONResponse(document, headers={"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"})

    def _resource(self, scope: Scope) -> str | None:
        """The configured address of /graphql, else the one that the request was sent to."""
        if self._auth is None:
            return None
        if self._auth.resource is not None:
            return self._auth.resource
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        return f"{scope['scheme']}://{host}{GRAPHQL}" if _HOST.fullmatch(host) else None
