"""How much of a costly test runs: all of it with `make test-long`, a part with `make test` and `make check`."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
"""Set by `make test-long`."""


def some(values: Sequence[T], count: int = 1) -> Sequence[T]:
    """All values in a long run, else the first `count`."""
    return values if LONG else values[:count]


def sized(long: int, short: int) -> int:
    """The size of a test: `long` in a long run, else `short`."""
    return long if LONG else short
