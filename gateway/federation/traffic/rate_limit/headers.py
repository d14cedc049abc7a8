"""What a vendor's headers say of its limits. Whatever is malformed counts as not said."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from msgspec import Struct

from connectors.sdk.http import LONGEST, retry_at

# Clocks that differ by less are taken for equal: a Date header is whole seconds.
SAME_CLOCK = timedelta(seconds=2)

# X-RateLimit-*, its other spelling, and the fields of the draft before they became two.
_PREFIXES = ("x-ratelimit-", "x-rate-limit-", "ratelimit-")
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,13}(\.[0-9]{1,9})?", re.ASCII)
_PARAMETER = re.compile(r"""\s*(?P<name>[a-z*][a-z0-9_.*-]*)\s*=\s*(?P<value>"[^"]*"|[^\s;,"]+)\s*""", re.IGNORECASE)
_LONGEST_FIELD = 2048


class Quota(Struct, frozen=True):
    """`remaining` of `limit` requests within `window` seconds; in `reset` seconds there are more. None: not said."""

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    window: float | None = None


NOTHING = Quota()


def read_quota(headers: Mapping[str, str], *, now: datetime) -> Quota:
    """The limits as RateLimit and RateLimit-Policy name them, else the X-RateLimit-* family."""
    fields = {name.lower(): value for name, value in headers.items() if "limit" in name.lower()}
    if not fields:
        return NOTHING
    quota = _structured(fields.get("ratelimit"), fields.get("ratelimit-policy"))
    return quota if quota != NOTHING else _separate(fields, now=_vendor_clock(headers, now))


def read_retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds until the vendor will listen again."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    clock = _vendor_clock(headers, now)
    at = retry_at(value, now=clock)
    return None if at is None else (at - clock).total_seconds()


def _vendor_clock(headers: Mapping[str, str], now: datetime) -> datetime:
    """The vendor's own time where its Date header shows that the clocks differ: its points in time are by its clock."""
    value = next((value for name, value in headers.items() if name.lower() == "date"), None)
    if value is None:
        return now
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return now
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return now if abs(at - now) < SAME_CLOCK else at


def _separate(fields: Mapping[str, str], *, now: datetime) -> Quota:
    """One header a number. A reset from 10⁹ on is a Unix time, in milliseconds from 10¹² on, below it are seconds."""
    said: dict[str, str] = {}
    for prefix in _PREFIXES:
        for what in ("limit", "remaining", "reset"):
            if prefix + what in fields:
                said.setdefault(what, fields[prefix + what])
    policies = _items(said.get("limit", ""))
    window = next((seconds for _, members in policies if (seconds := _seconds(members.get("w"))) is not None), None)
    return Quota(
        limit=_positive(said.get("limit", "").partition(",")[0].partition(";")[0]),
        remaining=_count(said.get("remaining")),
        reset=_reset(said.get("reset"), now),
        window=window or None,
    )


def _reset(value: str | None, now: datetime) -> float | None:
    seconds = _number(value)
    if seconds is not None and seconds >= 1e12:
        seconds /= 1000
    if seconds is not None and seconds >= 1e9:
        seconds = max(0.0, seconds - now.timestamp())
    return seconds if seconds is not None and seconds <= LONGEST.total_seconds() else None


def _structured(limit: str | None, policy: str | None) -> Quota:
    """`"name";r=50;t=30` with `"name";q=100;w=60`, or as one version had it `limit=100, remaining=50, reset=30` with `100;w=60`.

    Of several policies the one with the least left counts.
    """
    policies = _items(policy or "")
    items = _items(limit or "")
    together = {name: value for name, members in items for name, value in {name: None, **members}.items()}
    flat = {name: value for name, value in together.items() if value and name in {"limit", "remaining", "reset"}}
    if flat:
        amount = _positive(flat.get("limit"))
        of_amount = next((members for name, members in policies if name == str(amount)), {})
        return Quota(amount, _count(flat.get("remaining")), _seconds(flat.get("reset")), _seconds(of_amount.get("w")))
    found = [
        Quota(
            _positive(of_name.get("q") or of_name.get("l")),
            _count(members.get("r")),
            _seconds(members.get("t")),
            _seconds(of_name.get("w")) or None,
        )
        for name, members in items
        for of_name in (next((members for each, members in policies if each == name), {}),)
        if _count(members.get("r")) is not None
    ]
    if found:
        return min(found, key=lambda quota: quota.remaining or 0)
    return next(
        (
            Quota(limit=amount, window=_seconds(members.get("w")) or None)
            for name, members in policies
            if (amount := _positive(members.get("q") or members.get("l") or name)) is not None
        ),
        NOTHING,
    )


def _items(field: str) -> list[tuple[str, dict[str, str | None]]]:
    """The members of a list with their parameters, names unquoted; `a=1` alone is a member `a` with the parameter `a`."""
    found: list[tuple[str, dict[str, str | None]]] = []
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
    """A limit of 0 would mean that nothing may ever be asked: it is not believed."""
    return _count(value) or None


def _number(value: str | None) -> float | None:
    text = (value or "").strip()
    return float(text) if _SECONDS.fullmatch(text) else None


def _seconds(value: str | None) -> float | None:
    seconds = _number(value)
    return seconds if seconds is not None and seconds <= LONGEST.total_seconds() else None
