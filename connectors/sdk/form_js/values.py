"""What each kind of component holds: its empty value, the values that it takes over when it opens, and what can be entered."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from connectors.sdk.feel import javascript_text, number_of
from connectors.sdk.form_js.components import Component
from connectors.sdk.form_js.options import opening_options

_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}(?::00(?:\.0+)?)?"
_ZONE = r"(?:Z|[+-]\d{2}:\d{2})"
_INTERVALS = (1, 5, 10, 15, 30, 60)
EARLIEST = date(1900, 1, 1)
FILE_RULE = "takes a file, which cannot be sent through this gateway: use the vendor's own form"


class WrongValueError(Exception):
    """The component cannot hold the value. The text completes a sentence that begins with its label."""


def empty_value(component: Component) -> object:
    match component.type:
        case "textfield" | "textarea":
            return ""
        case "checkbox":
            return False
        case "checklist" | "taglist":
            return []
        case _:
            return None


def opening_value(component: Component, value: object, data: Mapping[str, object]) -> Any:
    """A value of the process as the form takes it over when it opens. What does not fit becomes empty."""
    match component.type:
        case "textfield" | "textarea":
            if value is None or isinstance(value, list | Mapping):
                return ""
            text = value if isinstance(value, str) else javascript_text(value)
            return re.sub(r"[\r\n\t]", " ", text) if component.type == "textfield" and isinstance(value, str) else text
        case "checkbox":
            return value is True
        case "number":
            return _opening_number(component, value)
        case "datetime":
            return _opening_time(component, value)
        case "select" | "radio":
            options = opening_options(component, data)
            return value if options is None or value in options else None
        case "checklist" | "taglist":
            options = opening_options(component, data)
            if options is None:
                return value
            return [each for each in value if each in options] if isinstance(value, list) else []
        case _:
            return value


def entered_value(component: Component, value: object, *, today: date) -> Any:
    """A value of a completion as the form would submit it. WrongValueError if a person could not enter it.

    Null and an empty text are the component's empty value. Options are not compared here.
    """
    if component.type == "filepicker":
        if value in (None, "", []):
            return None
        raise WrongValueError(FILE_RULE)
    if component.type not in _ENTERED:
        return value
    if value is None or value == "" or (value == [] and component.is_multiple_choice):
        return empty_value(component)
    return _ENTERED[component.type](component, value, today)


def _opening_number(component: Component, value: object) -> object:
    if value == "" or isinstance(value, bool) or number_of(value) is None:
        return None
    if component.members.get("serializeToString"):
        return value if isinstance(value, str) else javascript_text(value)
    return number_of(value) if isinstance(value, str) else value


def _opening_time(component: Component, value: object) -> object:
    if not isinstance(value, str):
        return None
    try:
        match component.subtype:
            case "date":
                date.fromisoformat(value)
                return value if re.fullmatch(_DATE, value) else None
            case "time":
                time.fromisoformat(value)
            case "datetime":
                datetime.fromisoformat(value)
                return value if "T" in value else None
            case _:
                pass
    except ValueError:
        return None
    return value


def _text(_: Component, value: object, __: date) -> object:
    if not isinstance(value, str):
        raise WrongValueError("takes a text")
    return value


def _line(component: Component, value: object, today: date) -> object:
    return re.sub(r"[\r\n\t]", " ", str(_text(component, value, today)))


def _number(component: Component, value: object, _: date) -> object:
    number = None if isinstance(value, bool) else number_of(value)
    if number is None:
        raise WrongValueError(
            "takes a whole number" if component.members.get("decimalDigits") == 0 else "takes a number"
        )
    if component.members.get("serializeToString"):
        return value if isinstance(value, str) else javascript_text(value)
    if isinstance(value, str):
        return (
            int(number)
            if number == number.to_integral_value() and "." not in value and "e" not in value.lower()
            else number
        )
    return value


def _checkbox(_: Component, value: object, __: date) -> object:
    if not isinstance(value, bool):
        raise WrongValueError("takes true or false")
    return value


def _choices(_: Component, value: object, __: date) -> object:
    if not isinstance(value, list):
        raise WrongValueError("takes a list of options")
    return value


def _time(component: Component, value: object, today: date) -> object:
    match component.subtype:
        case "date":
            return _day(component, value, today)
        case "time":
            return _hour(component, value)
        case "datetime":
            return _moment(component, value, today)
        case _:
            return value


def _day(component: Component, value: object, today: date) -> object:
    if not isinstance(value, str) or not re.fullmatch(_DATE, value, re.ASCII):
        raise WrongValueError("takes a date as YYYY-MM-DD")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise WrongValueError("takes a date as YYYY-MM-DD") from error
    _check_day(component, day, today)
    return value


def _check_day(component: Component, day: date, today: date) -> None:
    if day < EARLIEST:
        raise WrongValueError(f"takes a date from {EARLIEST}")
    # It may still be yesterday where the person is.
    if component.members.get("disallowPassedDates") and day < today - timedelta(days=1):
        raise WrongValueError("takes no date in the past")


def _hour(component: Component, value: object) -> object:
    shape, example = _zone(component)
    rule = f"takes a time as {example}"
    if not isinstance(value, str) or not re.fullmatch(_TIME + shape, value, re.ASCII):
        raise WrongValueError(rule)
    try:
        moment = datetime.fromisoformat(f"2000-01-01T{value}")
    except ValueError as error:
        raise WrongValueError(rule) from error
    _check_interval(component, moment)
    if component.members.get("timeSerializingFormat") == "utc_normalized":
        offset = moment.utcoffset() or timedelta(0)
        return f"{moment - offset:%H:%M}Z"
    return f"{moment:%H:%M}" + _written_offset(moment)


def _moment(component: Component, value: object, today: date) -> object:
    shape, example = _zone(component)
    rule = f"takes a date and time as YYYY-MM-DDT{example}"
    if not isinstance(value, str) or not re.fullmatch(f"{_DATE}T{_TIME}{shape}", value, re.ASCII):
        raise WrongValueError(rule)
    try:
        moment = datetime.fromisoformat(value)
        at_utc = moment - (moment.utcoffset() or timedelta(0))
    except (ValueError, OverflowError) as error:
        raise WrongValueError(rule) from error
    _check_day(component, moment.date(), today)
    _check_interval(component, moment)
    if component.members.get("timeSerializingFormat") == "utc_normalized":
        return f"{at_utc:%Y-%m-%dT%H:%M}Z" if at_utc.year >= 1000 else value
    return f"{value[:10]}T{moment:%H:%M}" + _written_offset(moment)


def _zone(component: Component) -> tuple[str, str]:
    """The offset that the form writes behind a time: as a pattern, and for people."""
    match component.members.get("timeSerializingFormat"):
        case "utc_offset":
            return _ZONE, "HH:MM+HH:MM, with the offset from UTC"
        case "utc_normalized":
            return _ZONE, "HH:MMZ, in UTC"
        case _:
            return "", "HH:MM, without a time zone"


def _written_offset(moment: datetime) -> str:
    return "" if moment.tzinfo is None else f"{moment:%z}"[:3] + ":" + f"{moment:%z}"[3:5]


def _check_interval(component: Component, moment: datetime) -> None:
    interval = component.members.get("timeInterval")
    step = interval if isinstance(interval, int) and interval in _INTERVALS else 15
    if moment.minute % step:
        raise WrongValueError(f"takes times in steps of {step} minutes")


_ENTERED: Mapping[str, Callable[[Component, object, date], object]] = {
    "textfield": _line,
    "textarea": _text,
    "number": _number,
    "checkbox": _checkbox,
    "checklist": _choices,
    "taglist": _choices,
    "datetime": _time,
    "select": lambda _, value, __: value,
    "radio": lambda _, value, __: value,
}
