"""Reads patterns in JavaScript's syntax (without flags) and writes them in that of RE2."""

import re
from collections.abc import Sequence
from itertools import product

from msgspec import Struct

LONGEST = 5000
DEEPEST = 40
# What a repetition is written out as, at most.
MOST_PARTS = 20_000
MOST_WAYS = 64
# Repetitions that RE2 takes, also those of repetitions.
MOST_REPEATED = 1000
LAST = 0xFFFF
_FIRST_SURROGATE, _LAST_SURROGATE = 0xD800, 0xDFFF
# Units that are no characters by themselves stand in the last plane of Unicode.
_SURROGATES = 0x100000

Ranges = list[tuple[int, int]]

_DIGITS: Ranges = [(0x30, 0x39)]
_WORD: Ranges = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)]
_SPACE: Ranges = [
    (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
]  # fmt: skip
_LINE_ENDS: Ranges = [(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)]
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
_QUANTIFIER = re.compile(r"(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??", re.ASCII)
_HEX = {"x": re.compile(r"[0-9A-Fa-f]{2}"), "u": re.compile(r"[0-9A-Fa-f]{4}")}
_OCTAL = re.compile(r"[0-3][0-7]{0,2}|[4-7][0-7]?", re.ASCII)
_GROUPS = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|(\((?!\?)|\(\?<(?![=!]))", re.DOTALL)


class PatternError(Exception):
    """No pattern, or one that RE2 cannot match."""


class AnyLookError(PatternError):
    """Looking around where it cannot be matched one by one."""


class Look(Struct, frozen=True):
    """`(?=`, `(?!`, `(?<=` or `(?<!`."""

    alternatives: "tuple[tuple[Item, ...], ...]"
    is_behind: bool
    is_negative: bool


Item = str | Look
"""A part of a pattern in RE2's syntax, or one that looks around."""


class _Part(Struct, frozen=True):
    """`alternatives` are those of a group that looks around, else empty. `size` and `repeated` are what RE2 counts."""

    source: str
    size: int = 1
    repeated: int = 1
    alternatives: "tuple[tuple[Item, ...], ...]" = ()
    look: Look | None = None
    is_place: bool = False


def code_units(text: str) -> str:
    """The text as JavaScript sees it: letters beyond 16 bits are two."""
    if text.isascii() or max(text) < chr(_FIRST_SURROGATE):
        return text
    units = text.encode("utf-16-be", "surrogatepass")
    found = (int.from_bytes(units[place : place + 2], "big") for place in range(0, len(units), 2))
    return "".join(map(_letter, found))


def _letter(unit: int) -> str:
    return chr(unit + _SURROGATES if _FIRST_SURROGATE <= unit <= _LAST_SURROGATE else unit)


class PatternParser:
    """Recursive descent over units of 16 bits."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST:
            raise PatternError
        self._text = code_units(pattern)
        self._place = 0
        self._depth = 0
        found = [match[1] for match in _GROUPS.finditer(self._text) if match[1]]
        self._groups = len(found)
        self._has_names = "(?<" in found

    def alternatives(self) -> tuple[tuple[Item, ...], ...]:
        """Of the whole pattern. PatternError if there is none, or if RE2 cannot match it."""
        found, _ = self._disjunction()
        if self._place < len(self._text):
            raise PatternError
        return found

    def _disjunction(self) -> tuple[tuple[tuple[Item, ...], ...], list[_Part]]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise PatternError
        found: list[tuple[Item, ...]] = []
        all_parts: list[_Part] = []
        while True:
            parts = self._alternative()
            all_parts += parts
            found += _spread(parts)
            if len(found) > MOST_WAYS and any(isinstance(item, Look) for items in found for item in items):
                raise PatternError
            if not self._take("|"):
                break
        self._depth -= 1
        return tuple(found), all_parts

    def _alternative(self) -> list[_Part]:
        parts: list[_Part] = []
        while self._place < len(self._text) and self._text[self._place] not in "|)":
            parts.append(self._term())
        return parts

    def _take(self, text: str) -> bool:
        is_next = self._text.startswith(text, self._place)
        self._place += len(text) if is_next else 0
        return is_next

    def _term(self) -> _Part:
        part = self._atom()
        match = _QUANTIFIER.match(self._text, self._place)
        if match is None:
            return part
        self._place = match.end()
        if part.is_place or part.look is not None or part.alternatives:
            raise PatternError
        sign, fewest, comma, most = match.groups()
        if sign is not None:
            return _Part(f"{part.source}{sign}", part.size, part.repeated)
        least = int(fewest)
        return _repeated(part, least, least if comma is None else int(most) if most else None)

    def _atom(self) -> _Part:
        letter = self._text[self._place]
        if letter == "(":
            return self._group()
        if _QUANTIFIER.match(self._text, self._place):
            raise PatternError
        self._place += 1
        if letter in "^$":
            return _Part(letter, is_place=True)
        if letter == ".":
            return _Part(_class(_inverted(_LINE_ENDS)))
        if letter == "[":
            return _Part(_class(self._set()))
        if letter == "\\":
            return self._escape()
        return _Part(_literal(_unit(letter)))

    # Groups

    def _group(self) -> _Part:
        for start in ("(?=", "(?!", "(?<=", "(?<!"):
            if self._take(start):
                found, _ = self._disjunction()
                self._close()
                return _Part("", look=Look(found, is_behind="<" in start, is_negative="!" in start))
        if not self._take("(?:"):
            name = re.compile(r"\(\?<[^\W\d]\w*>").match(self._text, self._place)
            if name is None and self._text.startswith("(?", self._place):
                raise PatternError
            self._place += 1 if name is None else len(name[0])
        found, parts = self._disjunction()
        self._close()
        size, repeated = sum(part.size for part in parts) + 1, max((part.repeated for part in parts), default=1)
        if any(isinstance(item, Look) for items in found for item in items):
            return _Part("", size, repeated, alternatives=found)
        source = "|".join("".join(item for item in items if isinstance(item, str)) for items in found)
        return _Part(f"(?:{source})", size, repeated)

    def _close(self) -> None:
        if not self._take(")"):
            raise PatternError

    # Escapes

    def _escape(self) -> _Part:
        letter = self._next()
        if letter in "bB":
            return _Part(f"\\{letter}", is_place=True)
        if letter.lower() in _CLASSES:
            return _Part(_class(_named(letter)))
        if letter == "k" and self._has_names:
            raise PatternError
        number = re.compile(r"[1-9]\d*", re.ASCII).match(self._text, self._place - 1)
        if number is not None and int(number[0]) <= self._groups:
            raise PatternError
        return _Part(_literal(self._character(letter)))

    def _character(self, letter: str) -> int:
        """The unit that an escape stands for; what is no escape is the letter itself."""
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter == "c":
            control = self._text[self._place : self._place + 1]
            if control.isascii() and control.isalpha():
                self._place += 1
                return ord(control) % 32
            self._place -= 1
            return 0x5C
        if letter in "xu":
            digits = _HEX[letter].match(self._text, self._place)
            if digits is not None:
                self._place = digits.end()
                return int(digits[0], 16)
        octal = _OCTAL.match(self._text, self._place - 1)
        if octal is not None:
            self._place = octal.end()
            return int(octal[0], 8)
        return _unit(letter)

    def _next(self) -> str:
        if self._place >= len(self._text):
            raise PatternError
        self._place += 1
        return self._text[self._place - 1]

    # Sets of letters

    def _set(self) -> Ranges:
        is_negative = self._take("^")
        found: Ranges = []
        while not self._take("]"):
            first = self._member()
            if self._text.startswith("-", self._place) and not self._text.startswith("-]", self._place):
                self._place += 1
                found += self._range(first, self._member())
            else:
                found += first
        return _inverted(found) if is_negative else found

    @staticmethod
    def _range(first: Ranges, last: Ranges) -> Ranges:
        """Of two letters; a class of letters at one of its ends makes it three members."""
        if [start for start, _ in first] != [end for _, end in first] or [s for s, _ in last] != [e for _, e in last]:
            return [*first, (0x2D, 0x2D), *last]
        if len(first) != 1 or len(last) != 1:
            return [*first, (0x2D, 0x2D), *last]
        if first[0][0] > last[0][0]:
            raise PatternError
        return [(first[0][0], last[0][0])]

    def _member(self) -> Ranges:
        letter = self._next()
        if letter != "\\":
            return [(_unit(letter), _unit(letter))]
        letter = self._next()
        if letter.lower() in _CLASSES:
            return _named(letter)
        unit = 0x08 if letter == "b" else self._character(letter)
        return [(unit, unit)]


def _spread(parts: Sequence[_Part]) -> list[tuple[Item, ...]]:
    """The sequences that groups with looking around in them allow."""
    ways: list[list[tuple[Item, ...]]] = [
        list(part.alternatives) if part.alternatives else [(part.look or part.source,)] for part in parts
    ]
    count = 1
    for each in ways:
        count *= len(each)
    if count > MOST_WAYS:
        raise PatternError
    return [tuple(item for items in way for item in items) for way in product(*ways)]


def _repeated(part: _Part, least: int, most: int | None) -> _Part:
    """`{least,most}`, written out as far as RE2 does not take it."""
    if most is not None and most < least:
        raise PatternError
    count = least if most is None else most
    size = part.size * max(count, 1)
    if size > MOST_PARTS:
        raise PatternError
    unit = max(1, MOST_REPEATED // part.repeated)
    if count <= unit:
        return _Part(
            f"{part.source}{{{least}{'' if most == least else ',' if most is None else f',{most}'}}}",
            size,
            part.repeated * max(count, 1),
        )
    whole, rest = divmod(least, unit)
    source = f"{part.source}{{{unit}}}" * whole + f"{part.source}{{{rest}}}"
    tail = f"{part.source}*" if most is None else ""
    left = 0 if most is None else most - least
    if most is not None:
        tail = f"{part.source}{{0,{left % unit}}}"
        for _ in range(left // unit):
            tail = f"(?:{part.source}{{0,{unit}}}|{part.source}{{{unit}}}{tail})"
    return _Part(f"(?:{source}{tail})", size, MOST_REPEATED)


def _unit(letter: str) -> int:
    code = ord(letter)
    return code - _SURROGATES if code > LAST else code


def _literal(unit: int) -> str:
    letter = _letter(unit)
    return letter if letter.isascii() and letter.isalnum() else f"\\x{{{ord(letter):x}}}"


def _named(letter: str) -> Ranges:
    ranges = _CLASSES[letter.lower()]
    return ranges if letter.islower() else _inverted(ranges)


def _inverted(ranges: Ranges) -> Ranges:
    found: Ranges = []
    start = 0
    for first, last in sorted(ranges):
        if first > start:
            found.append((start, first - 1))
        start = max(start, last + 1)
    if start <= LAST:
        found.append((start, LAST))
    return found


def _class(ranges: Ranges) -> str:
    """A class of RE2. One without letters is one of a letter that no text has here."""
    if not ranges:
        return r"[\x{10fffe}-\x{10ffff}]"
    pieces: list[str] = []
    for first, last in ranges:
        for low, high, shift in (
            (0, _FIRST_SURROGATE - 1, 0),
            (_FIRST_SURROGATE, _LAST_SURROGATE, _SURROGATES),
            (_LAST_SURROGATE + 1, LAST, 0),
        ):
            start, end = max(first, low), min(last, high)
            if start <= end:
                pieces.append(f"\\x{{{start + shift:x}}}-\\x{{{end + shift:x}}}")
    return f"[{''.join(pieces)}]"
