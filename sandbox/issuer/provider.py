"""The application: discovery, keys, the page where people sign in, and the token endpoint."""

import html
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.issuer.clients import CLIENTS, PAGE, Client
from sandbox.issuer.grants import GrantRefusedError, Grants
from sandbox.issuer.keys import Algorithm, KeyRing
from sandbox.issuer.tokens import LIFETIME_S, access_claims, id_claims
from sandbox.people import ALL_PEOPLE, Person
from sandbox.stand_in import Clock, utc_now

REALM = "/realms/demo"
_PROTOCOL = f"{REALM}/protocol/openid-connect"
DISCOVERY = f"{REALM}/.well-known/openid-configuration"
CERTS, AUTH, TOKEN = f"{_PROTOCOL}/certs", f"{_PROTOCOL}/auth", f"{_PROTOCOL}/token"


class SmallIssuer:
    """An identity provider in one process. `base_url` is where it is served: `address`, the `iss`, lies below it.

    `requests` counts the requests of each path. While `is_down`, each one is answered with 503. `replaced` answers paths
    otherwise.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:9",
        *,
        algorithm: Algorithm = "RS256",
        people: Iterable[Person] = ALL_PEOPLE,
        clients: Iterable[Client] = CLIENTS,
        clock: Clock = utc_now,
    ) -> None:
        self.base_url = base_url
        self.ring = KeyRing(algorithm)
        self.people: Mapping[str, Person] = {person.key: person for person in people}
        self.clients: Mapping[str, Client] = {client.id: client for client in clients}
        self.clock = clock
        self.is_down = False
        self.requests: Counter[str] = Counter()
        self.replaced: dict[str, Response] = {}
        self._grants = Grants(
            ring=self.ring, clients=self.clients, people=self.people, address=lambda: self.address, clock=clock
        )
        self._app = Starlette(
            routes=[
                Route(DISCOVERY, self._discovery, methods=["GET"]),
                Route(CERTS, self._certs, methods=["GET"]),
                Route(AUTH, self._sign_in_page, methods=["GET"]),
                Route(TOKEN, self._token, methods=["POST"]),
            ]
        )

    @property
    def address(self) -> str:
        """The `iss` of its tokens."""
        return self.base_url + REALM

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        self.requests[path] += 1
        if self.is_down:
            await Response(status_code=503)(scope, receive, send)
        elif path in self.replaced:
            await self.replaced[path](scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def token(
        self,
        person: str,
        *,
        client: str = PAGE,
        lifetime_s: float = LIFETIME_S,
        without: Iterable[str] = (),
        **claims: Any,
    ) -> str:
        """An access token of a person who signed in at `client`, without some claims and with others."""
        written = self.claims(person, client=client, lifetime_s=lifetime_s) | claims
        return self.ring.signed({name: value for name, value in written.items() if name not in set(without)})

    def id_token(self, person: str, *, client: str = PAGE, nonce: str | None = None) -> str:
        claims = self.claims(person, client=client)
        return self.ring.signed(id_claims(claims, "an access token", self.clients[client], nonce))

    def claims(self, person: str, *, client: str = PAGE, lifetime_s: float = LIFETIME_S) -> dict[str, Any]:
        return access_claims(
            self.people[person], self.clients[client], issuer=self.address, clock=self.clock, lifetime_s=lifetime_s
        )

    async def _discovery(self, request: Request) -> Response:
        return _json(
            {
                "issuer": self.address,
                "authorization_endpoint": self.base_url + AUTH,
                "token_endpoint": self.base_url + TOKEN,
                "jwks_uri": self.base_url + CERTS,
                "grant_types_supported": ["authorization_code", "client_credentials", "password"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _certs(self, request: Request) -> Response:
        return _json(self.ring.jwks())

    async def _sign_in_page(self, request: Request) -> Response:
        """A list of people to click on. With `person`, or `login_hint`, that person is signed in at once."""
        form = dict(request.query_params)
        client = self.clients.get(form.get("client_id", ""))
        redirect = form.get("redirect_uri", "")
        if client is None or not any(redirect.startswith(each) for each in client.redirects):
            # RFC 6749, 4.1.2.1: an address that is not registered gets no one.
            return HTMLResponse("<p>Invalid parameter: redirect_uri</p>", 400)
        if form.get("response_type") != "code" or form.get("code_challenge_method") != "S256":
            return _back(redirect, {"error": "invalid_request", "state": form.get("state", "")})
        person = self.people.get(form.get("person") or form.get("login_hint", ""))
        if person is None:
            return HTMLResponse(_page(self.people.values(), form))
        code = self._grants.code(person, client, form)
        return _back(redirect, {"state": form.get("state", ""), "iss": self.address, "code": code})

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        headers = {"Cache-Control": "no-store"}
        client = self.clients.get(form.get("client_id", ""))
        if client is not None and client.redirects and "origin" in request.headers:
            headers |= {"Access-Control-Allow-Origin": request.headers["origin"], "Vary": "Origin"}
        try:
            return _json(self._grants.answer(form, request.headers.get("authorization", "")), headers=headers)
        except GrantRefusedError as refusal:
            return _json(refusal.body, refusal.status, headers)


def _back(redirect: str, answer: Mapping[str, str]) -> Response:
    return RedirectResponse(f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(answer)}", 302)


def _page(people: Iterable[Person], form: Mapping[str, str]) -> str:
    links = "".join(
        f'<li><a href="?{html.escape(urlencode({**form, "person": person.key}))}">{html.escape(person.name)}</a></li>'
        for person in people
    )
    return f"<!doctype html><title>Sign in</title><h1>Sign in</h1><p>This is the sandbox: choose a person.</p><ul>{links}</ul>"


def _json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")
