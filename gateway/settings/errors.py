"""What is wrong with a configuration, as one line."""

KeyPath = tuple[str | int, ...]
"""Where a value stands: `("sources", 0, "vendor")` is `sources[0].vendor`."""


class ConfigurationError(Exception):
    """One line: the key, written like `sources[0].vendor`, and what is wrong with it. Never a value that may be secret."""

    def __init__(self, path: KeyPath, message: str) -> None:
        super().__init__(f"{_written(path)}: {message}" if path else message)


def _written(path: KeyPath) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
