"""docs/configuration-reference.md is what the types of the settings say."""

import re

from connectors.sdk.registry import connector_types
from gateway.settings.file import _Document
from tests.configuration_reference import page
from tests.tree import ROOT

PAGE = ROOT / "docs" / "configuration-reference.md"


def test_the_page_is_made_from_the_settings() -> None:
    """`python -m tests.configuration_reference > docs/configuration-reference.md` makes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_page_has_every_table() -> None:
    """Those of the file, those of each vendor, and each heading once."""
    headings = re.findall(r"^## `(.*)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    tables = {re.findall(r"[\w.]+", heading)[0] for heading in headings}

    assert len(headings) == len(set(headings))
    assert {*_Document.model_fields, "sources"} <= tables
    assert [] == [vendor for vendor in connector_types() if not any(f'"{vendor}"' in heading for heading in headings)]


def test_keys_have_values_bounds_and_defaults() -> None:
    """Of each kind one, as the types have it."""
    text = page()
    rows = [
        "| `max_body_bytes` | whole number, at least 1024 and at most 16777216 | `262144` |",
        '| `profile` | `"development"` or `"production"` | `"development"` |',
        "| `secret` | secret text | - |",
        "| `base_url` | text | **required** |",
        "| `admin_roles` | list of text (at least 1 and at most 500 characters) | `[]` |",
        "| `issuers` | list of table, at least 1 and at most 20 entries | **required** |",
    ]

    assert [] == [row for row in rows if row not in text]
