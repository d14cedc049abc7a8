"""The causes of a source that cannot be reached are told apart."""

import socket
import ssl

import httpx2
import pytest

from connectors.sdk import BearerCredentials, SourceSettings, UnavailableError, Upstream
from connectors.sdk.http import why_unreached
from connectors.sdk.settings import OAuthCredentials


def certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed: x.internal")
    error.verify_code = code
    return error


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "x")
    error.reason = reason
    return error


def caused(cause: BaseException | None) -> httpx2.ConnectError:
    """As the client raises it: behind one of its own, and of anyio's group for several addresses."""
    between = OSError("All connection attempts failed")
    between.__cause__ = (
        ExceptionGroup("several addresses", [OSError(101, "x"), cause]) if isinstance(cause, Exception) else None
    )
    error = httpx2.ConnectError("10.0.0.7 x.internal")
    error.__cause__ = between
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (caused(ConnectionRefusedError(111, "10.0.0.7")), "refused the connection"),
        (caused(ConnectionResetError(104, "x")), "cut the connection when it was made"),
        (caused(socket.gaierror(-2, "x.internal")), "cannot be found: there is no such name"),
        (caused(certificate(10)), "cannot be trusted: TLS says that its certificate has expired"),
        (caused(certificate(62)), "cannot be trusted: TLS says that its certificate is for another host"),
        (caused(certificate(99)), "cannot be trusted: TLS says that its certificate is not accepted"),
        (caused(tls("WRONG_VERSION_NUMBER")), "does not speak TLS at that port; is it http:// there?"),
        (caused(tls("UNEXPECTED_EOF_WHILE_READING")), "ended the TLS handshake (unexpected eof while reading)"),
        (caused(None), "cannot be reached"),
        (httpx2.ConnectTimeout("10.0.0.7"), "took no connection within 1.5 s"),
        (httpx2.PoolTimeout("10.0.0.7"), "got no free connection within 1.5 s"),
    ],
)
def test_each_cause_has_its_words(error: httpx2.TransportError, told: str) -> None:
    """Without the name or number of a host."""
    assert told == why_unreached(error, seconds=1.5)


class Settings(SourceSettings):
    credentials: BearerCredentials | OAuthCredentials | None = None


async def test_a_port_where_nothing_listens_is_told() -> None:
    """As the system says it, with what to check."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        upstream = Upstream(Settings(key="x", name="X", vendor="x", base_url=address))
        with pytest.raises(UnavailableError) as caught:
            await upstream.read("GET", "/things")
        await upstream.aclose()

    assert "refused the connection; check base_url and whether it runs" == caught.value.message


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://issuer.test/token", "the token endpoint cannot be reached; check token_url"),
        ("https://store.test/answer", "another server that it names cannot be reached"),
        ("https://x.test/things", "cannot be reached; check base_url and whether it runs"),
    ],
)
async def test_it_is_told_which_server_cannot_be_reached(url: str, told: str) -> None:
    """The key that holds its address."""

    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("x", request=request)

    credentials = OAuthCredentials.model_validate(
        {"kind": "oauth", "token_url": "https://issuer.test/token", "client_id": "a", "client_secret": "b"}
    )
    settings = Settings(key="x", name="X", vendor="x", base_url="https://x.test", credentials=credentials)
    with pytest.raises(UnavailableError) as caught:
        await Upstream(settings, transport=httpx2.MockTransport(fail)).exchange("GET", url)

    assert told == caught.value.message
