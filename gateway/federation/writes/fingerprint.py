"""The fingerprint of a write's request: a repeated idempotency key must come with the same request."""

import hashlib

import msgspec

from schema.ports import WriteRequest

# A decimal is a number here: the text of it is another argument.
_SEEN = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def fingerprint_of(request: WriteRequest) -> str:
    """Equal for equal requests; the journal holds this hash instead of the arguments."""
    seen = (type(request.target).__name__, request.target, request.intent, request.expected_version)
    try:
        text = _SEEN.encode(seen)
    except UnicodeEncodeError:
        # JSON cannot hold half of a surrogate pair, which an id of a client may have.
        text = repr(seen).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(text, digest_size=16).hexdigest()
