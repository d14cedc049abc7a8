"""Configuration of a source."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.uipath import UiPathSettings
from tests.connectors.uipath.tenant import settings_with


@pytest.mark.parametrize(
    "options",
    [
        {"organization": "a/b"},
        {"tenant": ".."},
        {"tenant": "{}"},
        {"folders": [0]},
        {"folders": [1 << 63]},
        {"url_template": "https://x.test/{task}"},
        {"url_template": "https://x.test/"},
        {"url_template": "javascript:{id}"},
        {"ui_host": "x.test/path"},
        {"expand": "A&$filter=1"},
        {"outcomes": [{"code": "a"}, {"code": "a"}]},
        {"color": "red"},
    ],
)
def test_a_wrong_option_is_refused_at_the_start(options: dict[str, Any]) -> None:
    """Before any request."""
    with pytest.raises(ValidationError):
        settings_with(**options)


def test_organization_and_tenant_are_required() -> None:
    """They are part of the address of every request."""
    given = settings_with().model_dump()
    with pytest.raises(ValidationError):
        UiPathSettings.model_validate({**given, "options": {"tenant": "DefaultTenant"}})
