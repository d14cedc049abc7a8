"""How long answers are kept is configured, within bounds, and each setting says what it is about."""

import pytest
from pydantic import ValidationError

from connectors.sdk.settings import CacheSettings
from gateway.settings import CacheBounds


@pytest.mark.parametrize("section", [CacheSettings, CacheBounds])
def test_every_setting_has_a_default_and_a_description(section: type[CacheSettings | CacheBounds]) -> None:
    """The table of the manual is made of them."""
    assert all(field.description and field.default is not None for field in section.model_fields.values())


def test_an_outage_of_ten_minutes_is_covered_by_default() -> None:
    """Answers last read just before they were no longer fresh included."""
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
def test_what_makes_no_sense_is_refused(section: type[CacheSettings | CacheBounds], values: dict[str, float]) -> None:
    """Negative times, more than a day, unknown keys, no room at all."""
    with pytest.raises(ValidationError):
        section.model_validate(values)
