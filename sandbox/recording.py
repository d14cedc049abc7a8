"""The requests to a stand-in, without their credentials."""

import re
from collections import deque
from dataclasses import dataclass

MOST_KEPT = 10_000

_SECRET_HEADER = re.compile(r"auth|token|secret|api-?key|cookie|password", re.IGNORECASE)
_SECRET_WORD = r"(?:password|passwd|client_secret|clientSecret|access_token|refresh_token|subject_token|actor_token|api_?key|apiKey|token)"  # noqa: S105
_SECRET_JSON = re.compile(rf'("{_SECRET_WORD}"\s*:\s*)"(?:[^"\\]|\\.)*"')
_SECRET_FORM = re.compile(rf"((?:^|&){_SECRET_WORD}=)[^&]*")
MASK = "***"


@dataclass(slots=True)
class RecordedRequest:
    """`status` is None while the request runs, and stays None if the connection was reset without an answer."""

    at: str
    method: str
    path: str
    query: str
    status: int | None
    headers: dict[str, str]
    body: str


def masked_headers(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Keep header names and authentication schemes, mask secrets."""
    shown: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if _SECRET_HEADER.search(name):
            scheme, space, _ = value.partition(" ")
            value = f"{scheme} {MASK}" if space else MASK
        shown[name] = value
    return shown


def masked_text(text: str) -> str:
    return _SECRET_FORM.sub(rf"\1{MASK}", _SECRET_JSON.sub(rf'\1"{MASK}"', text))


class Recording:
    def __init__(self) -> None:
        self._requests: deque[RecordedRequest] = deque(maxlen=MOST_KEPT)

    def add(self, request: RecordedRequest) -> None:
        self._requests.append(request)

    def all(self) -> list[RecordedRequest]:
        return list(self._requests)

    def clear(self) -> None:
        self._requests.clear()
