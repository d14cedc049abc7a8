"""The tables of steps in docs/writes.md name every emulated command, and every connector with steps."""

import re
from pathlib import Path

from connectors.sdk.capability import Support
from connectors.sdk.connector import Connector
from connectors.sdk.registry import connector_types

PAGE = (Path(__file__).parents[4] / "docs" / "writes.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("## Writes of two steps") : PAGE.index("## What the journal keeps")]


def test_the_page_names_every_emulated_command() -> None:
    """In a row of its vendor, and no other command."""
    rows = [row.split("|")[1:3] for row in SECTION.splitlines() if re.match(r"\| [^|]+ \| `[A-Z]", row)]
    named = {(title.strip(), command) for title, commands in rows for command in re.findall("`(.+?)`", commands)}
    emulated = {
        (connector.title, command.__name__)
        for connector in connector_types().values()
        for command, how in connector.variants()
        if how.support is Support.EMULATED
    }

    assert emulated == named


def test_the_page_names_every_vendor_with_steps() -> None:
    """Each of them undoes the first."""
    vendors = [each for each in connector_types().values() if each.steps is not Connector.steps]

    assert vendors
    for vendor in vendors:
        assert re.search(rf"^\| {vendor.title.split()[0]}, ", SECTION, re.MULTILINE), vendor.title
        assert vendor.undo_of is not Connector.undo_of
