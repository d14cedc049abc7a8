"""What is wrong with a configuration, as lines."""

from collections.abc import Sequence

LONGEST = 300
"""Characters of a key, and of what is said of it: both may come from the file."""

MOST = 100
"""Faults that are told at once."""

KeyPath = tuple[str | int, ...]
"""Where a value stands: `("sources", 0, "vendor")` is `sources[0].vendor`."""


class ConfigurationError(Exception):
    """One line: the key, written like `sources[0].vendor`, and what is wrong with it. Never a value that may be secret.

    One that `of` made has a line for each of several faults.
    """

    def __init__(self, path: KeyPath, message: str) -> None:
        super().__init__(f"{one_line(_written(path))}: {one_line(message)}" if path else one_line(message))
        self._lines = [str(self)]

    @classmethod
    def of(cls, faults: Sequence["ConfigurationError"]) -> "ConfigurationError":
        found = cls((), "")
        found._lines = list(dict.fromkeys(line for fault in faults for line in fault._lines))  # noqa: SLF001 of the same class
        more = len(found._lines) - MOST
        told = found._lines[:MOST] + ([f"{more} more faults are not shown"] if more > 0 else [])
        found.args = ("\n".join(told),)
        return found


def _written(path: KeyPath) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def one_line(text: str, most: int = LONGEST) -> str:
    """The text without its middle if it is longer than `most`, and with `\\n` in the place of what would not print."""
    if len(text) > most:
        text = f"{text[: most // 2]}...{text[-most // 2 :]}"
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
