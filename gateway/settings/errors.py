"""What is wrong with a configuration, as lines."""

from collections.abc import Sequence

KeyPath = tuple[str | int, ...]
"""Where a value stands: `("sources", 0, "vendor")` is `sources[0].vendor`."""


class ConfigurationError(Exception):
    """One line: the key, written like `sources[0].vendor`, and what is wrong with it. Never a value that may be secret.

    One that `of` made has a line for each of several faults.
    """

    def __init__(self, path: KeyPath, message: str) -> None:
        super().__init__(f"{_written(path)}: {message}" if path else message)

    @classmethod
    def of(cls, faults: Sequence["ConfigurationError"]) -> "ConfigurationError":
        return cls((), "\n".join(dict.fromkeys(str(fault) for fault in faults)))


def _written(path: KeyPath) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
