"""The rules of a component: what is wrong with its value. Rules in JavaScript and JSON Logic are not evaluated."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from connectors.sdk import MISSING, is_number, is_same
from connectors.uipath.formats.formio.components import Component, mapping, text
from connectors.uipath.formats.formio.dates import (
    DATA_FORMAT,
    day_parts,
    is_day,
    is_known_form,
    limit_of,
    moment_of,
    time_of,
    zone_of,
)
from connectors.uipath.formats.formio.javascript import is_truthy, leading_integer, leading_number, length, to_text
from connectors.uipath.formats.formio.texts import fits_mask, has_form, is_mail_address, is_web_address
from connectors.uipath.formats.formio.values import NO_FILES, choices_of, day_rule, option_texts_of

Rule = Callable[[Component, object], str | None]

_DATE = re.compile(r"\d{4}-(\d\d)-(\d\d)", re.ASCII)
REQUIRED, TICKED = "is required", "must be ticked"
PARTS_OF_DAY = ("day", "month", "year")


def broken(component: Component, value: object, *, is_demanded: bool) -> Iterator[tuple[tuple[int, ...], str]]:
    """Each rule that the value breaks, as the library applies them, with the number of the entry in a list of values.

    `is_demanded` is False where a value may be missing: in drafts, and while it is not known whether the field is shown.
    """
    rules = [*(_DEMANDS if is_demanded else ()), *_OF_TYPE.get(component.type, ()), *_OF_ALL]
    if component.is_multiple and value == []:
        rules = list(_DEMANDS) if is_demanded else []
    if component.is_multiple and isinstance(value, list) and value:
        of_each = [rule for rule in rules if rule not in _OF_ONE]
        yield from (((place,), said) for place, each in enumerate(value) for said in _said(component, each, of_each))
    else:
        yield from (((), said) for said in _said(component, value, rules))
    said = _count(component, value, is_demanded=is_demanded)
    if said is not None:
        yield (), said


def _said(component: Component, value: object, rules: list[Rule]) -> Iterator[str]:
    yield from dict.fromkeys(said for rule in rules if (said := rule(component, value)) is not None)


def is_required(component: Component) -> bool:
    """By any of its rules."""
    return bool(component.rules.get("required")) or bool(_required_parts(component))


def _required_parts(component: Component) -> list[str]:
    fields = mapping(component.part, "fields") if component.type == "day" else {}
    return [name for name in PARTS_OF_DAY if mapping(fields, name).get("required")]


def has_value(component: Component, value: object) -> bool:
    """Whether a required component is filled in."""
    if component.type == "day" and value == "00/00/0000":
        return False
    if component.type == "address" and isinstance(value, Mapping) and value.get("mode"):
        address = mapping(value, "address")
        return bool(address) and all(is_truthy(each) for name, each in address.items() if name != "address2")
    if component.part.get("allowMultipleMasks") and isinstance(value, Mapping) and "value" in value:
        value = value["value"]
    false_counts = component.type not in {"checkbox", "selectboxes"}
    is_whole = component.has_rows or component.type in {"address", "datamap", "form", "tagpad"}
    return _is_present(value, false_counts=false_counts, is_whole=is_whole)


def _is_present(value: object, *, false_counts: bool, is_whole: bool) -> bool:
    if value is MISSING or value is None:
        return False
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, bool):
        return value or false_counts
    if not isinstance(value, list | Mapping):
        return True
    if not value:
        return False
    members = list(value) if isinstance(value, list) else list(value.values())
    if not is_whole:
        return any(_is_present(each, false_counts=false_counts, is_whole=False) for each in members)
    if isinstance(value, Mapping):
        return True
    if all(isinstance(each, Mapping) for each in members):
        members = [inner for each in members for inner in each.values()]
    return any(
        is_number(each) or (bool(each) if isinstance(each, list | Mapping) else is_truthy(each)) for each in members
    )


def _required(component: Component, value: object) -> str | None:
    if not component.rules.get("required") or has_value(component, value):
        return None
    if component.type == "file":
        return f"{REQUIRED} and {NO_FILES}"
    return TICKED if component.type == "checkbox" else REQUIRED


def _required_day(component: Component, value: object) -> str | None:
    wanted = _required_parts(component)
    if not wanted:
        return None
    if not is_truthy(value):
        return REQUIRED
    parts = day_parts(component.part, value) if isinstance(value, str) else None
    missing = (
        [] if parts is None else [n for n, part in zip(PARTS_OF_DAY, parts, strict=True) if n in wanted and not part]
    )
    return f"needs a {missing[0]}" if missing else None


def _count(component: Component, value: object, *, is_demanded: bool) -> str | None:
    """One value or a list of them."""
    kind = component.type
    if kind == "select" or (kind in {"hidden", "address"} and not component.is_multiple):
        return None
    if kind == "textarea" and not (component.part.get("as") == "json" and component.is_multiple):
        return None
    if component.is_multiple:
        required = bool(component.rules.get("required")) and is_demanded
        if isinstance(value, list):
            return REQUIRED if required and not value else None
        if value is MISSING or value is None:
            return REQUIRED if required else None
        return "takes a list"
    takes_one = kind == "textfield" or (kind == "tags" and component.part.get("storeas") == "string")
    return "takes one value, no list" if takes_one and isinstance(value, list) else None


def _number(component: Component, value: object) -> str | None:
    is_wrong = component.type == "number" and is_truthy(value) and not is_number(value)
    return "takes a number" if is_wrong else None


def _least(component: Component, value: object) -> str | None:
    limit, number = number_rule(component, "min"), _measured(value)
    return None if limit is None or number is None or number >= limit else f"takes a number from {limit}"


def _most(component: Component, value: object) -> str | None:
    limit, number = number_rule(component, "max"), _measured(value)
    return None if limit is None or number is None or number <= limit else f"takes a number up to {limit}"


def _measured(value: object) -> Decimal | None:
    return Decimal(int(value)) if isinstance(value, bool) else leading_number(value)


def number_rule(component: Component, name: str) -> Decimal | None:
    return leading_number(component.rules.get(name))


def count_rule(component: Component, name: str) -> int | None:
    """A limit of a length or a count. 0 is none."""
    return leading_integer(component.rules.get(name)) or None


def _shortest(component: Component, value: object) -> str | None:
    limit = count_rule(component, "minLength")
    is_short = isinstance(value, str) and value and limit is not None and length(value) < limit
    return f"takes at least {limit} characters" if is_short else None


def _longest(component: Component, value: object) -> str | None:
    limit = count_rule(component, "maxLength")
    is_long = isinstance(value, str) and limit is not None and length(value) > limit
    return f"takes at most {limit} characters" if is_long else None


def _fewest_words(component: Component, value: object) -> str | None:
    limit = count_rule(component, "minWords")
    is_short = isinstance(value, str) and value and limit is not None and _words(value) < limit
    return f"takes at least {limit} words" if is_short else None


def _most_words(component: Component, value: object) -> str | None:
    limit = count_rule(component, "maxWords")
    return f"takes at most {limit} words" if isinstance(value, str) and limit and _words(value) > limit else None


def _words(value: str) -> int:
    return max(len(value.split()), 1)


def _pattern(component: Component, value: object) -> str | None:
    pattern = text(component.rules, "pattern")
    if pattern is None or not isinstance(value, str) or not value:
        return None
    return "does not have the form that is asked for" if has_form(pattern, value) is False else None


def _mask(component: Component, value: object) -> str | None:
    part = component.part
    if component.type == "time" or component.rules.get("skipMaskValidation"):
        return None
    mask = text(part, "inputMask")
    masks = part.get("inputMasks")
    if part.get("allowMultipleMasks") and isinstance(masks, list) and isinstance(value, Mapping):
        known = {each.get("label"): text(each, "mask") for each in masks if isinstance(each, Mapping)}
        mask, value = known.get(value.get("maskName")), value.get("value")
    if mask is None or not isinstance(value, str) or not value:
        return None
    fits = fits_mask(mask, value, is_plain=component.type != "textfield" or bool(part.get("allowMultipleMasks")))
    return f"takes a text of the form {mask}" if fits is False else None


def _mail(component: Component, value: object) -> str | None:
    is_wrong = component.type == "email" and isinstance(value, str) and value and not is_mail_address(value)
    return "takes a mail address" if is_wrong else None


def _web(component: Component, value: object) -> str | None:
    is_wrong = component.type == "url" and is_truthy(value) and not (isinstance(value, str) and is_web_address(value))
    return "takes a web address" if is_wrong else None


def _time(component: Component, value: object) -> str | None:
    form = text(component.part, "dataFormat") or DATA_FORMAT
    if component.type != "time" or not is_truthy(value) or not is_known_form(form):
        return None
    return None if isinstance(value, str) and time_of(form, value) is not None else f"takes a time as {form}"


def _moment(component: Component, value: object) -> str | None:
    """Data that the task holds may have texts that are no ISO 8601, which JavaScript may read or not: they are left."""
    if component.type != "datetime" or not is_truthy(value):
        return None
    is_wrong = not isinstance(value, str) or not _may_be_moment(value)
    return "takes a date and time as ISO 8601" if is_wrong else None


def _may_be_moment(value: str) -> bool:
    date = _DATE.match(value)
    if date is not None:
        return 1 <= int(date[1]) <= 12 and 1 <= int(date[2]) <= 31
    return any(letter.isdecimal() for letter in value)


def _within(component: Component, value: object) -> str | None:
    widget = mapping(component.part, "widget")
    if component.type != "datetime" or not isinstance(value, str):
        return None
    zone = zone_of(value)
    moment, whole = moment_of(value, None, zone), not widget.get("enableTime")
    if moment is None:
        return None
    first = limit_of(widget.get("minDate"), zone, whole_days=whole, is_last=False)
    last = limit_of(widget.get("maxDate"), zone, whole_days=whole, is_last=True)
    if first is not None and moment < first:
        return f"takes a time from {widget['minDate']}"
    return f"takes a time up to {widget['maxDate']}" if last is not None and moment > last else None


def _day(component: Component, value: object) -> str | None:
    if component.type != "day" or not is_truthy(value):
        return None
    parts = day_parts(component.part, value) if isinstance(value, str) else None
    return None if parts is not None and is_day(parts) else day_rule(component.part)


def _day_within(component: Component, value: object) -> str | None:
    part = component.part
    if component.type != "day" or not isinstance(value, str):
        return None
    zone = zone_of(value)
    moment = moment_of(value, component, zone)
    first, last = (limit_of(part.get(name), zone, whole_days=True, is_last=False) for name in ("minDate", "maxDate"))
    if moment is not None and first is not None and moment < first:
        return f"takes a date from {part['minDate']}"
    return f"takes a date up to {part['maxDate']}" if moment and last is not None and moment > last else None


def _year_within(component: Component, value: object) -> str | None:
    part, limits = component.part, mapping(mapping(component.part, "fields"), "year")
    if component.type != "day" or not isinstance(value, str) or not value[-4:].isdecimal() or len(value) < 4:
        return None
    year = int(value[-4:])
    first = _year(part.get("minYear"))
    last = _year(part.get("maxYear")) or _year(limits.get("maxYear"))
    if first and _agree(part, limits, "minYear") and year < first:
        return f"takes a year from {first}"
    return f"takes a year up to {last}" if last and _agree(part, limits, "maxYear") and year > last else None


def _agree(part: Mapping[str, Any], limits: Mapping[str, Any], name: str) -> bool:
    """The library applies no limit if its two places differ."""
    one, other = part.get(name), limits.get(name)
    return not is_truthy(one) or not is_truthy(other) or is_same(one, other)


def _year(setting: object) -> int | None:
    return leading_integer(setting)


def _boxes(component: Component, value: object) -> str | None:
    if component.type != "selectboxes" or not isinstance(value, Mapping):
        return None
    fewest, most = count_rule(component, "minSelectedCount"), count_rule(component, "maxSelectedCount")
    count = sum(map(is_truthy, value.values()))
    if not count or not all(isinstance(each, bool) for each in value.values()):
        return None
    if fewest is not None and count < fewest:
        return f"takes at least {fewest} options"
    return f"takes at most {most} options" if most is not None and count > most else None


def _available(component: Component, value: object) -> str | None:
    """Only texts and objects: the library takes numbers and booleans as empty here."""
    if not component.rules.get("onlyAvailableItems") or not isinstance(value, str | Mapping) or not value:
        return None
    known = choices_of(component) if component.type in {"radio", "select", "selectboxes"} else None
    if known is None:
        return None
    texts = option_texts_of(component)
    if component.type == "selectboxes":
        is_known = not isinstance(value, Mapping) or texts.issuperset(value)
    else:
        is_known = value in known or to_text(value) in texts
    return None if is_known else "takes one of its options"


_DEMANDS: tuple[Rule, ...] = (_required, _required_day)
_OF_ALL: tuple[Rule, ...] = (
    _least,
    _most,
    _shortest,
    _longest,
    _fewest_words,
    _most_words,
    _pattern,
    _mask,
    _available,
)
_OF_TYPE: dict[str, tuple[Rule, ...]] = {
    "number": (_number,),
    "email": (_mail,),
    "url": (_web,),
    "time": (_time,),
    "datetime": (_moment, _within),
    "day": (_day, _day_within, _year_within),
    "selectboxes": (_boxes,),
}
# Rules that the library applies to one value, but to no entry of a list of values.
_OF_ONE = frozenset({_longest, _pattern, _fewest_words})
