"""What a message may repeat of a vendor's own text: words, and nothing that may be a secret, an address or a value."""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

import msgspec

from connectors.sdk.http.answer import Answer

LONGEST = 300
"""Characters of a vendor's text that a message may hold."""

# Read of a text at most, so that a long one costs little.
_READ = 4_000
_LEFT_OUT = "…"

# A quoted part is a value, as a rule: of a form, of a variable. Names of states and codes stay. An apostrophe within a word
# opens nothing.
_QUOTED = re.compile(
    r"""(?<![^\s(\[:=,])(?:'(?P<a>.*?)'|"(?P<b>.*?)"|`(?P<c>.*?)`|‘(?P<d>.*?)’|“(?P<e>.*?)”|«(?P<f>.*?)»|„(?P<g>.*?)[“”])(?=$|[\s.,;:!?)\]])"""
)
_UNCLOSED = re.compile(r"""(?<![^\s(\[:=,])['"`‘“«„].*""")
_JOINED = re.compile(r"(?<=[^\W\d]),(?=[^\W\d])")
_REPEATED = re.compile(r"([^\w\s])\1{3,}")
_STATE = re.compile(r"[A-Z][A-Z_]{1,39}")

# After one of these comes what must not be told, with or without a sign between them.
_SCHEMES = frozenset(
    {"basic", "bearer", "negotiate", "digest", "apikey", "token", "cookie", "set-cookie", "authorization"}
)
_NAMES = (
    "authorization api-key apikey api_key auth code credential credentials host hostname id jwt key login mail email name "
    "passphrase passwd password phone pin pwd secret server session token url user userid username value"
)
_NAMED = frozenset(_NAMES.split())

# A word of a language, a name in CamelCase or a name of several words: `candidateGroups`, `due_date`, `INVALID_STATE`.
_WORD = re.compile(r"[^\W\d_]{1,30}(?:[-'’/][^\W\d_]{1,30}){0,3}")
_CAMEL = re.compile(r"[A-Z]{0,3}[a-z]*(?:[A-Z][a-z]{2,}){0,5}(?:ID|Id|s)?")
_SNAKE = re.compile(r"[a-z]{2,20}(?:_[a-z]{2,20}){1,4}|[A-Z]{2,20}(?:_[A-Z]{2,20}){0,6}")
_NUMBER = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,3}){0,2}%?|[0-9]{4}")
_CODE = re.compile(r"[A-Z]{2,10}-[0-9]{1,6}")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}", re.IGNORECASE)
_LONGEST_CAPITALS = 14
_MACHINES = frozenset({"localhost", "localdomain"})
# How keys and tokens of known makers begin.
_PREFIXES = ("ey", "gtk", "rt_", "sk_", "pk_", "ghp", "gho", "glpat", "xox", "akia", "asia", "ya29", "sig_", "pat_")
_AROUND = ".,;:!?()[]…"

_PLAIN_CODE = re.compile(r"[A-Za-z][A-Za-z_-]{0,59}(?: [A-Za-z][A-Za-z_-]{0,30}){0,4}|(?:[A-Z]{2,10}-)?[0-9]{1,9}")


def vendor_text(text: str | None, answer: Answer | None = None) -> str:
    """The words of a vendor's text, in at most `LONGEST` characters; empty if hardly any word is left.

    Left out, with … in their place: what is quoted, addresses of hosts and people, pairs such as password=x, what has digits
    or does not look like a word, and the texts that the request of `answer` held, which the vendor may repeat.
    """
    if not text:
        return ""
    plain = " ".join("".join(each if each.isprintable() else " " for each in text[:_READ]).split())
    plain = _JOINED.sub(", ", _REPEATED.sub(r"\1", plain))
    sent = frozenset[str]() if answer is None else _texts_of(answer.sent)
    words: list[str] = []
    length = kept = 0
    for word in _shown(_UNCLOSED.sub(_LEFT_OUT, _QUOTED.sub(_quoted, plain)).split(), sent):
        if word == _LEFT_OUT and words and words[-1] == _LEFT_OUT:
            continue
        length += len(word) + 1
        if length > LONGEST:
            break
        words.append(word)
        kept += word != _LEFT_OUT and word.casefold().strip(_AROUND) not in _SCHEMES
    # Of a line with two words among secrets nothing can be learnt.
    return " ".join(words) if kept >= 2 or (kept == 1 and len(words) == 1) else ""


def vendor_code(code: str | None) -> str | None:
    """A vendor's code or the name of its error; None for anything that may be more than that."""
    if code is None or not _PLAIN_CODE.fullmatch(code):
        return None
    return code if code.isdigit() or all(map(_is_plain, re.split(r"[ -](?=[A-Za-z])", code))) else None


def _quoted(found: re.Match[str]) -> str:
    """The name of a state stays."""
    inner = found[found.lastgroup or 0]
    return inner if _STATE.fullmatch(inner) and _is_plain(inner) else _LEFT_OUT


def _shown(words: Iterable[str], sent: Collection[str]) -> Iterable[str]:
    is_named = False
    for each in words:
        bare = each.strip(_AROUND).strip("'’")
        lower = bare.casefold()
        if not bare:
            # A sign between a name and its value.
            yield _LEFT_OUT if _LEFT_OUT in each else each if each in {"-", "–", ":"} else ""
            continue
        is_value, is_named = is_named, lower in _SCHEMES or (lower in _NAMED and each.endswith(":"))
        if is_value or lower in sent or not _is_plain(bare):
            yield _LEFT_OUT
        else:
            yield each.replace(_LEFT_OUT, "")


@lru_cache(maxsize=2_048)
def _is_plain(word: str) -> bool:
    if _NUMBER.fullmatch(word) or _CODE.fullmatch(word):
        return True
    lower = word.casefold()
    if lower in _MACHINES or (lower.startswith(_PREFIXES) and not lower.startswith(("eye", "eyi"))):
        return False
    if _CONSONANTS.search(word):
        return False
    if _WORD.fullmatch(word):
        return not word.isascii() or all(map(_is_name, re.split(r"[-'’/]", word)))
    return _SNAKE.fullmatch(word) is not None


def _is_name(part: str) -> bool:
    return _CAMEL.fullmatch(part) is not None or (part.isupper() and len(part) <= _LONGEST_CAPITALS)


def _texts_of(body: bytes) -> frozenset[str]:
    """The words of the texts that a request held, without those that are too short to tell anything."""
    if not body:
        return frozenset()
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        value = body.decode("utf-8", "replace")
    return frozenset(
        word.strip(_AROUND).casefold() for text in _leaves(value) for word in text[:_READ].split() if len(word) > 3
    )


def _leaves(value: object) -> Iterable[str]:
    left = [value]
    while left:
        match left.pop():
            case str() as text:
                yield text
            case dict() as members:
                left.extend(members.values())
            case list() as items:
                left.extend(items)
            case _:
                pass
