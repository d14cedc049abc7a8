"""Answers of a provider: bounded, not followed, and not believed beyond what is configured."""

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.auth.oidc import provider as provider_file
from gateway.auth.oidc.provider import MAX_ANSWER_BYTES, Provider, ProviderError, provider_client
from gateway.auth.oidc.sign_in import open_issuers
from gateway.settings import OidcAuth
from sandbox.issuer import CERTS, DISCOVERY, SmallIssuer
from tests.certificates import issued
from tests.gateway.auth.oidc.providing import ByHost, Time, settings_for, small_issuer

KEYS = "http://127.0.0.1:9" + CERTS


@pytest.fixture
def small() -> SmallIssuer:
    return small_issuer(Time())


@pytest.fixture
async def provider(small: SmallIssuer) -> AsyncIterator[Provider]:
    async with provider_client(ByHost([small])) as client:
        yield Provider(settings_for(small), client)


def discovered(small: SmallIssuer, **changes: Any) -> Response:
    return JSONResponse({"issuer": small.address, "jwks_uri": KEYS, **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "http://127.0.0.1:9/realms/other"}, "of another issuer"),
        ({"issuer": "http://127.0.0.1:9/realms/demo/"}, "of another issuer"),
        ({"issuer": None}, "not as documented"),
        ({"jwks_uri": None}, "not as documented"),
        ({"jwks_uri": "http://keys.example.com/"}, "does not begin with https://"),
        ({"jwks_uri": "file:///etc/passwd"}, "does not begin with https://"),
        ({"jwks_uri": "https://[::1"}, "does not begin with https://"),
        ({"token_endpoint": "http://login.example.com/token"}, "does not begin with https://"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "does not begin with https://"),
    ],
)
async def test_a_discovery_that_leads_elsewhere_is_refused(
    provider: Provider, small: SmallIssuer, changes: dict[str, Any], reason: str
) -> None:
    """In one line, without a text of the provider."""
    small.replaced[DISCOVERY] = discovered(small, **changes)

    with pytest.raises(ProviderError, match=reason) as caught:
        await provider.discovery()

    assert "example.com" not in str(caught.value)


async def test_plain_addresses_are_for_development(small: SmallIssuer) -> None:
    """There a provider may be a container on another host."""
    small.replaced[DISCOVERY] = discovered(small, jwks_uri="http://keys:8080/")
    async with provider_client(ByHost([small])) as client:
        found = await Provider(settings_for(small), client, may_be_plain=True).discovery()

    assert "http://keys:8080/" == found.jwks_uri


class _Endless(httpx2.AsyncByteStream):
    def __init__(self) -> None:
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.read += 65536
            yield b" " * 65536


async def test_an_answer_without_end_is_read_as_far_as_the_bound(small: SmallIssuer) -> None:
    """Without a Content-Length nothing tells before that it is too large."""
    body = _Endless()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, stream=body)

    async with provider_client(httpx2.MockTransport(answer)) as client:
        with pytest.raises(ProviderError, match="larger than"):
            await Provider(settings_for(small), client).keys(KEYS)

    assert body.read <= MAX_ANSWER_BYTES + 65536


def bomb() -> Response:
    return Response(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda: Response("no", 500), "status 500"),
        (lambda: Response("{}", 201), "status 201"),
        (lambda: RedirectResponse(KEYS + "/elsewhere", 302), "status 302"),
        (lambda: Response(status_code=304), "status 304"),
        (lambda: Response(b" " * (MAX_ANSWER_BYTES + 1)), f"larger than {MAX_ANSWER_BYTES}"),
        (bomb, f"larger than {MAX_ANSWER_BYTES}"),
        (lambda: Response("{}", headers={"Content-Encoding": "br"}), "not as documented"),
        (lambda: Response(b"\xff"), "not as documented"),
        (lambda: Response(""), "not as documented"),
        (lambda: Response("[" * 100_000), "not as documented"),
        (lambda: Response('{"keys":' + "[" * 100_000), "not as documented"),
        (lambda: JSONResponse({"keys": "all"}), "not as documented"),
        (lambda: JSONResponse([]), "not as documented"),
        (lambda: JSONResponse({"keys": [{}] * 101}), "more than 100 keys"),
        (lambda: JSONResponse({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}), "no public key"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_one_line(
    provider: Provider, small: SmallIssuer, answer: Any, reason: str
) -> None:
    """Large ones are not read to their end."""
    small.replaced[CERTS] = answer()

    with pytest.raises(ProviderError, match=reason):
        await provider.keys(KEYS)


async def test_a_slow_answer_is_given_up(monkeypatch: pytest.MonkeyPatch, small: SmallIssuer) -> None:
    """The bound holds for the whole answer, however it trickles."""
    monkeypatch.setattr(provider_file, "PATIENCE", 0.05)

    async def trickle(request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with provider_client(httpx2.MockTransport(trickle)) as client:
        with pytest.raises(ProviderError, match="did not answer within"):
            await Provider(settings_for(small), client).keys(KEYS)


async def test_a_cookie_of_the_provider_is_not_sent_back(small: SmallIssuer) -> None:
    """The client keeps nothing of an answer."""
    sent = []

    async def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers.get("cookie"))
        body = httpx2.ByteStream(json.dumps(small.ring.jwks()).encode())
        return httpx2.Response(200, stream=body, headers={"Set-Cookie": "session=1; Path=/"})

    async with provider_client(httpx2.MockTransport(answer)) as client:
        for _ in range(2):
            await Provider(settings_for(small), client).keys(KEYS)

    assert [None, None] == sent


async def test_an_address_where_nothing_answers_is_told(provider: Provider) -> None:
    """As such."""
    with pytest.raises(ProviderError, match="cannot be reached"):
        await provider.keys("http://127.0.0.1:1/keys")


async def test_a_host_that_is_none_is_told(small: SmallIssuer) -> None:
    """The look-up of such a name is an error of its own kind."""

    async def look_up(request: httpx2.Request) -> httpx2.Response:
        request.url.host.encode("idna")
        raise AssertionError

    async with provider_client(httpx2.MockTransport(look_up)) as client:
        with pytest.raises(ProviderError, match="cannot be asked"):
            await Provider(settings_for(small), client).keys("https://a..example.com/keys")


async def test_a_broken_key_keeps_no_other_key_out(provider: Provider, small: SmallIssuer) -> None:
    """RFC 7517, 5: what is not understood is ignored."""
    listed = small.ring.jwks()["keys"]
    small.replaced[CERTS] = JSONResponse({"keys": [7, {}, {"kty": "AKP", "pub": "x"}, *listed, json.loads("null")]})

    assert 1 == len(await provider.keys(KEYS))


def served(small: SmallIssuer) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """The issuer over a connection of its own: each answer ends it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        async with httpx2.AsyncClient(transport=ByHost([small])) as client:
            body = (await client.get(small.base_url + path)).content
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    return answer


@pytest.mark.server
@pytest.mark.parametrize(
    ("host", "is_given", "reason"),
    [
        ("127.0.0.1", True, None),
        ("127.0.0.1", False, "is signed by itself, and not known here"),
        ("localhost", True, "is for another host"),
    ],
)
async def test_a_private_authority_is_trusted_where_it_is_configured(
    tmp_path: Path, host: str, is_given: bool, reason: str | None
) -> None:
    """For discovery and for keys of that issuer alone. A certificate is still for its host."""
    small = small_issuer(Time())
    certificate = issued(tmp_path, "127.0.0.1")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    server = await asyncio.start_server(served(small), "127.0.0.1", 0, ssl=serving)
    small.base_url = f"https://{host}:{server.sockets[0].getsockname()[1]}"
    asked = settings_for(small, **({"ca_file": certificate} if is_given else {}))
    other = settings_for(small, issuer=small.address + "/other")
    async with open_issuers(OidcAuth(mode="oidc", issuers=(asked, other)), may_be_plain=False) as issuers:
        for issuer in issuers:
            await issuer.refresh()
        here, there = (issuer.status() for issuer in issuers)
    server.close()
    await server.wait_closed()

    assert ("OK" if reason is None else "UNAVAILABLE") == here.status
    assert (reason or "") in (here.reason or "")
    assert "UNAVAILABLE" == there.status
