"""Why no connection was made, in words: refused, no such name, TLS, no answer. Without names and numbers of hosts."""

import socket
import ssl
from collections.abc import Iterator

import httpx2

# Of OpenSSL (X509_verify_cert_error_string): what an operator can act on.
_CERTIFICATES = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is signed by itself, and not known here",
    19: "its certificate is signed by an authority that is not known here",
    20: "its certificate is signed by an authority that is not known here",
    21: "its certificate comes without those of its authorities",
    62: "its certificate is for another host",
    64: "its certificate is for another address",
}
# Causes that are followed at most.
_MOST = 20


def why_unreached(error: httpx2.TransportError, *, seconds: float) -> str:
    """The beginning of a message; `seconds` is the time that connecting may take."""
    if isinstance(error, httpx2.PoolTimeout):
        return f"got no free connection within {seconds:g} s"
    if isinstance(error, httpx2.ConnectTimeout):
        return f"took no connection within {seconds:g} s"
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return "cannot be found: there is no such name"
            case ssl.SSLCertVerificationError():
                reason = _CERTIFICATES.get(cause.verify_code, "its certificate is not accepted")
                return f"cannot be trusted: TLS says that {reason}"
            case ssl.SSLError() if cause.reason == "WRONG_VERSION_NUMBER":
                return "does not speak TLS at that port; is it http:// there?"
            case ssl.SSLError():
                return f"ended the TLS handshake ({(cause.reason or 'no reason').replace('_', ' ').lower()})"
            case ConnectionRefusedError():
                return "refused the connection"
            case ConnectionResetError():
                return "cut the connection when it was made"
            case _:
                pass
    return "cannot be reached"


def _causes(error: BaseException) -> Iterator[BaseException]:
    left: list[BaseException | None] = [error]
    for _ in range(_MOST):
        if not left:
            return
        each = left.pop()
        if each is None:
            continue
        yield each
        if isinstance(each, BaseExceptionGroup):
            left.extend(each.exceptions)
        left.append(each.__cause__ or each.__context__)
