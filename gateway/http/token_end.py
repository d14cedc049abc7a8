"""Until when a bearer token holds: connections that stay open end with it."""

import base64
import binascii

import msgspec

_LONGEST = 16 * 1024
# The last moment that can be written as a time. A provider may write any number.
_LAST_MOMENT = 253_402_300_799


def end_of(token: str | None) -> float | None:
    """`exp` of a JSON Web Token that sign-in has accepted, in seconds of Unix time; None for any other token.

    The signature is not looked at: only what was checked before is asked here.
    """
    parts = (token or "").split(".")
    if len(parts) != 3 or len(parts[1]) > _LONGEST:
        return None
    try:
        payload = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    end = payload.get("exp") if isinstance(payload, dict) else None
    return float(min(end, _LAST_MOMENT)) if isinstance(end, int | float) and not isinstance(end, bool) else None
