"""Enums of the graph and their descriptions."""

import pytest

from schema.core.enums import describe
from schema.ports import SourceStatus


def test_enum_is_described_in_full() -> None:
    """A value without a description, or a description without a value, is an error at import."""
    with pytest.raises(ValueError, match="SourceStatus"):
        describe(SourceStatus, "How a source answers.", OK="Well.")
