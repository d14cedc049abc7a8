"""The settings of the cache: their bounds and descriptions."""

import pytest
from pydantic import ValidationError

from connectors.sdk.settings import CacheSettings
from gateway.settings import CacheBounds


@pytest.mark.parametrize("section", [CacheSettings, CacheBounds])
def test_every_setting_has_a_default_and_a_description(section: type[CacheSettings | CacheBounds]) -> None:
    """The table in the documentation has the same values."""
    assert all(field.description and field.default is not None for field in section.model_fields.values())


def test_an_outage_of_ten_minutes_is_covered_by_default() -> None:
    """Including answers that were last read just before they became outdated."""
    settings = CacheSettings()

    assert settings.max_stale_seconds > 600 + max(settings.list_seconds, settings.directory_seconds)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (CacheSettings, {"list_seconds": -1}),
        (CacheSettings, {"max_stale_seconds": 100_000}),
        (CacheSettings, {"lists": 10}),
        (CacheBounds, {"max_bytes": 0}),
        (CacheBounds, {"max_entries": 0}),
    ],
)
def test_impossible_settings_are_refused(section: type[CacheSettings | CacheBounds], values: dict[str, float]) -> None:
    """Negative times, more than a day, unknown keys, a cache of size 0."""
    with pytest.raises(ValidationError):
        section.model_validate(values)
