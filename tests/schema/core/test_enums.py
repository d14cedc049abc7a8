"""Enums of the graph and their descriptions."""

import pytest

from schema.core.enums import describe
from schema.ports import SourceStatus


def test_enum_is_described_in_full() -> None:
    """A value without words, or words without a value, stop the process."""
    with pytest.raises(ValueError, match="SourceStatus"):
        describe(SourceStatus, "How a source answers.", OK="Well.")
