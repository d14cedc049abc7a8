"""What a vendor's headers say about its limits. Malformed headers count as absent."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from msgspec import Struct

from connectors.sdk.http import retry_at

# Clocks that differ by less count as equal: a Date header has whole seconds.
SAME_CLOCK = timedelta(seconds=2)

# X-RateLimit-*, its other spelling, and the fields of the IETF draft before there were two of them.
_PREFIXES = ("x-ratelimit-", "x-rate-limit-", "ratelimit-")
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,13}(\.[0-9]{1,9})?", re.ASCII)
_PARAMETER = re.compile(r"""\s*(?P<name>[a-z*][a-z0-9_.*-]*)\s*=\s*(?P<value>"[^"]*"|[^\s;,"]+)\s*""", re.IGNORECASE)
_LONGEST_FIELD = 2048
# Seconds. A window or a reset beyond a day is a mistake and counts as absent.
_LONGEST = 86_400.0


class RateLimitHeaders(Struct, frozen=True):
    """`remaining` of `limit` requests within `window` seconds; in `reset` seconds there are more. None: not stated."""

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    window: float | None = None


NOTHING_STATED = RateLimitHeaders()


def read_rate_limit_headers(headers: Mapping[str, str], *, now: datetime) -> RateLimitHeaders:
    """The limits by RateLimit and RateLimit-Policy, or else by the X-RateLimit-* family."""
    fields = {name.lower(): value for name, value in headers.items() if "limit" in name.lower()}
    if not fields:
        return NOTHING_STATED
    stated = _structured(fields.get("ratelimit"), fields.get("ratelimit-policy"))
    return stated if stated != NOTHING_STATED else _separate(fields, now=_vendor_clock(headers, now))


def read_retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds until the vendor wants another request."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    clock = _vendor_clock(headers, now)
    at = retry_at(value, now=clock)
    return None if at is None else (at - clock).total_seconds()


def _vendor_clock(headers: Mapping[str, str], now: datetime) -> datetime:
    """The vendor's time if its Date header shows that the clocks differ: dates in its headers are by its own clock."""
    value = next((value for name, value in headers.items() if name.lower() == "date"), None)
    if value is None:
        return now
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return now
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return now if abs(at - now) < SAME_CLOCK else at


def _separate(fields: Mapping[str, str], *, now: datetime) -> RateLimitHeaders:
    """One number per header. A reset below 10⁹ is in seconds from now, below 10¹² a Unix time, above in milliseconds."""
    stated: dict[str, str] = {}
    for prefix in _PREFIXES:
        for what in ("limit", "remaining", "reset"):
            if prefix + what in fields:
                stated.setdefault(what, fields[prefix + what])
    policies = _items(stated.get("limit", ""))
    window = next((seconds for _, members in policies if (seconds := _seconds(members.get("w"))) is not None), None)
    return RateLimitHeaders(
        limit=_positive(stated.get("limit", "").partition(",")[0].partition(";")[0]),
        remaining=_count(stated.get("remaining")),
        reset=_reset(stated.get("reset"), now),
        window=window or None,
    )


def _reset(value: str | None, now: datetime) -> float | None:
    seconds = _number(value)
    if seconds is not None and seconds >= 1e12:
        seconds /= 1000
    if seconds is not None and seconds >= 1e9:
        seconds = max(0.0, seconds - now.timestamp())
    return seconds if seconds is not None and seconds <= _LONGEST else None


_Items = list[tuple[str, dict[str, str | None]]]


def _structured(limit: str | None, policy: str | None) -> RateLimitHeaders:
    """RateLimit and RateLimit-Policy, in the versions of the IETF draft that are in use.

    `"name";r=50;t=30` with `"name";q=100;w=60`, or before that `limit=100, remaining=50, reset=30` with `100;w=60`.
    Of several policies the one with the least left counts.
    """
    limits, policies = _items(limit or ""), _items(policy or "")
    return _older_draft(limits, policies) or _newer_draft(limits, policies) or _policy_alone(policies)


def _older_draft(limits: _Items, policies: _Items) -> RateLimitHeaders | None:
    together = {name: value for name, members in limits for name, value in {name: None, **members}.items()}
    flat = {name: value for name, value in together.items() if value and name in {"limit", "remaining", "reset"}}
    if not flat:
        return None
    amount = _positive(flat.get("limit"))
    window = _seconds(_policy(policies, str(amount)).get("w"))
    return RateLimitHeaders(amount, _count(flat.get("remaining")), _seconds(flat.get("reset")), window)


def _newer_draft(limits: _Items, policies: _Items) -> RateLimitHeaders | None:
    found = []
    for name, members in limits:
        policy = _policy(policies, name)
        remaining = _count(members.get("r"))
        if remaining is not None:
            limit = _positive(policy.get("q") or policy.get("l"))
            window = _seconds(policy.get("w")) or None
            found.append(RateLimitHeaders(limit, remaining, _seconds(members.get("t")), window))
    return min(found, key=lambda stated: stated.remaining or 0, default=None)


def _policy_alone(policies: _Items) -> RateLimitHeaders:
    for name, members in policies:
        limit = _positive(members.get("q") or members.get("l") or name)
        if limit is not None:
            return RateLimitHeaders(limit=limit, window=_seconds(members.get("w")) or None)
    return NOTHING_STATED


def _policy(policies: _Items, name: str) -> dict[str, str | None]:
    return next((members for each, members in policies if each == name), {})


def _items(field: str) -> _Items:
    """The members of a list with their parameters, names unquoted. `a=1` alone is a member `a` with a parameter `a`."""
    found: _Items = []
    for item in field[:_LONGEST_FIELD].split(","):
        head, *rest = item.split(";")
        alone = _PARAMETER.fullmatch(head)
        name = (alone["name"] if alone else head).strip().strip('"').lower()
        members: dict[str, str | None] = {}
        for part in [head, *rest] if alone else rest:
            parameter = _PARAMETER.fullmatch(part)
            if parameter is not None:
                members.setdefault(parameter["name"].lower(), parameter["value"].strip('"'))
        if name:
            found.append((name, members))
    return found


def _count(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if _COUNT.fullmatch(text) else None


def _positive(value: str | None) -> int | None:
    """A limit of 0 is not believed: it would mean that no request is ever accepted."""
    return _count(value) or None


def _number(value: str | None) -> float | None:
    text = (value or "").strip()
    return float(text) if _SECONDS.fullmatch(text) else None


def _seconds(value: str | None) -> float | None:
    seconds = _number(value)
    return seconds if seconds is not None and seconds <= _LONGEST else None
