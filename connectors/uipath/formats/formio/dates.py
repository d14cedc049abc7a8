"""Days, times and moments in the texts that Form.io's components submit."""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from connectors.uipath.formats.formio.components import Component, mapping, text
from connectors.uipath.formats.formio.javascript import leading_integer

DATA_FORMAT = "HH:mm:ss"
SHOWN_FORMAT = "HH:mm"

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_WHOLE_DAY = re.compile(r"\d{2}/\d{2}/\d{4}", re.ASCII)
_TOKEN = re.compile(r"HH|H|hh|h|mm|m|ss|s|A|a|[A-Za-z]+|[^A-Za-z]+")
_TOKENS = {
    "HH": r"(?P<hour>\d\d)",
    "H": r"(?P<hour>\d\d?)",
    "hh": r"(?P<half>\d\d)",
    "h": r"(?P<half>\d\d?)",
    "mm": r"(?P<minute>\d\d)",
    "m": r"(?P<minute>\d\d?)",
    "ss": r"(?P<second>\d\d)",
    "s": r"(?P<second>\d\d?)",
    "A": r"(?P<noon>AM|PM)",
    "a": r"(?P<noon>am|pm)",
}


def moment_of(value: object, component: Component | None, zone: tzinfo) -> datetime | None:
    """An ISO 8601 text, in `zone` if it names none; for a day component also its own form. None for everything else."""
    if not isinstance(value, str):
        return None
    if component is not None and component.type == "day":
        parts = day_parts(component.part, value)
        if parts is not None and all(parts):
            day, month, year = parts
            return datetime(year, month, day, tzinfo=zone) if is_day(parts) else None
    found = _MOMENT.fullmatch(value)
    if found is None:
        return None
    *date, hour, minute, second, fraction, offset = found.groups()
    clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}.{(fraction or '0')[:6]:0<6}"
    try:
        made = datetime.fromisoformat(f"{'-'.join(date)}T{clock}")
        # Date alone is UTC in JavaScript, and local time in the library's own comparisons, which are meant here.
        return made.replace(tzinfo=zone) if offset is None else made.replace(tzinfo=_offset(offset))
    except ValueError:
        return None


def _offset(offset: str) -> tzinfo:
    return UTC if offset == "Z" else datetime.strptime(offset, "%z").tzinfo or UTC


def zone_of(value: object) -> tzinfo:
    """The offset that a moment names, which is that of the person's browser; UTC if it names none."""
    made = moment_of(value, None, UTC)
    return UTC if made is None or made.tzinfo is None else made.tzinfo


def limit_of(setting: object, zone: tzinfo, *, whole_days: bool, is_last: bool) -> datetime | None:
    """A bound of a component; None without one, and for one in JavaScript."""
    made = moment_of(setting, None, zone)
    if made is None or not whole_days:
        return made
    local = made.astimezone(zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + (
        timedelta(days=1, microseconds=-1) if is_last else timedelta()
    )


def is_day_first(part: Mapping[str, Any]) -> bool:
    return bool(part.get("dayFirst"))


def is_hidden_part(part: Mapping[str, Any], name: str) -> bool:
    """Whether the component does not ask for "day", "month" or "year"."""
    return bool(mapping(mapping(part, "fields"), name).get("hide"))


def day_order(part: Mapping[str, Any]) -> list[str]:
    """The parts that the component asks for, in their order."""
    order = ["day", "month", "year"] if is_day_first(part) else ["month", "day", "year"]
    return [name for name in order if not is_hidden_part(part, name)]


def day_parts(part: Mapping[str, Any], value: str) -> tuple[int, int, int] | None:
    """Day, month and year, 0 for each that is not given; None if the text is not of the component's form."""
    given = value.split("/")
    order = ["day", "month", "year"] if is_day_first(part) else ["month", "day", "year"]
    if len(given) != len(order):
        order = day_order(part)
    numbers = [leading_integer(each) for each in given]
    if len(given) != len(order) or any(number is None for number in numbers):
        return None
    named = dict(zip(order, numbers, strict=True))
    return named.get("day") or 0, named.get("month") or 0, named.get("year") or 0


def is_day(parts: tuple[int, int, int]) -> bool:
    """Whether there is such a day. Parts that are 0 are left open."""
    day, month, year = parts
    if not (0 <= month <= 12 and 0 <= year <= 9999):
        return False
    most = monthrange(year or 2000, month)[1] if month else 31
    return 0 <= day <= most


def day_from_iso(part: Mapping[str, Any], value: str) -> str | None:
    """YYYY-MM-DD, the graph's text of a date, in the form of the component; None for any other text."""
    found = _ISO_DAY.fullmatch(value)
    if found is None:
        return None
    named = {"year": found[1], "month": found[2], "day": found[3]}
    return "/".join(named[name] for name in day_order(part))


def normalized_day(part: Mapping[str, Any], value: str) -> str:
    """With the parts of the default in place of parts that are not asked for, as the library completes it."""
    if not value or _WHOLE_DAY.fullmatch(value):
        return value
    default = text(part, "defaultValue")
    kept = {} if default is None else _parts_of_default(part, default)
    given = value.split("/")
    order = ["day", "month", "year"] if is_day_first(part) else ["month", "day", "year"]
    done = []
    for name in order:
        if is_hidden_part(part, name):
            done.append(kept.get(name, ""))
        elif given:
            done.append(given.pop(0))
    return "/".join(filter(None, done))


def _parts_of_default(part: Mapping[str, Any], default: str) -> dict[str, str]:
    parts = default.split("/")
    order = ["day", "month", "year"] if is_day_first(part) else ["month", "day", "year"]
    return dict(zip(order if len(parts) == 3 else day_order(part), parts, strict=False))


def time_of(form: str, value: str) -> time | None:
    """The time of day, if the text is exactly of this form (dayjs); None otherwise."""
    pattern = _pattern_of(form)
    found = None if pattern is None else pattern.fullmatch(value)
    if found is None:
        return None
    named = found.groupdict()
    hour = int(named.get("hour") or 0)
    if named.get("half"):
        half, noon = int(named["half"]), (named.get("noon") or "").lower()
        if not 1 <= half <= 12:
            return None
        hour = half % 12 + (12 if noon == "pm" else 0)
    try:
        return time(hour, int(named.get("minute") or 0), int(named.get("second") or 0))
    except ValueError:
        return None


def is_known_form(form: str) -> bool:
    """Whether `time_of` can read texts of this form."""
    return _pattern_of(form) is not None


def time_text(form: str, value: time) -> str:
    """A time in a form that `time_of` reads."""
    half, noon = value.hour % 12 or 12, "PM" if value.hour >= 12 else "AM"
    written = {
        "HH": f"{value.hour:02}",
        "H": str(value.hour),
        "hh": f"{half:02}",
        "h": str(half),
        "mm": f"{value.minute:02}",
        "m": str(value.minute),
        "ss": f"{value.second:02}",
        "s": str(value.second),
        "A": noon,
        "a": noon.lower(),
    }
    return "".join(written.get(token, token) for token in _TOKEN.findall(form))


def _pattern_of(form: str) -> re.Pattern[str] | None:
    tokens = _TOKEN.findall(form)
    if any(token.isalpha() and token not in _TOKENS for token in tokens) or len(tokens) > 20:
        return None
    try:
        return re.compile("".join(_TOKENS.get(token) or re.escape(token) for token in tokens), re.ASCII)
    except re.error:
        return None
