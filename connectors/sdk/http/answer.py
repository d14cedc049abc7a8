"""A vendor's answer with its complete body."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from connectors.sdk.json import decode_json

T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True):
    """`is_write`: it is the answer to a write. `sent` is the body of its request, which the vendor may repeat."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_write: bool
    sent: bytes = b""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def decode(self, type_: type[T]) -> T:
        """The JSON body as `type_`; MalformedResponseError if it does not fit."""
        return decode_json(self.body, type_, maybe_applied=self.is_write, native_status=self.status)

    def try_decode(self, type_: type[T]) -> T | None:
        """The JSON body as `type_`, None if it does not fit: for error bodies, which proxies may replace."""
        try:
            return msgspec.json.decode(self.body, type=type_)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None
