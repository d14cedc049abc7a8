"""README.md of the connector."""

import re
from pathlib import Path

import pytest

import connectors.epilot
from connectors.epilot import EpilotConnector
from connectors.epilot.search import TASK_LISTS
from connectors.epilot.settings import ListBy

TEXT = (Path(connectors.epilot.__file__).parent / "README.md").read_text(encoding="utf-8")


def table(heading: str) -> list[tuple[str, ...]]:
    section = TEXT.split(f"## {heading}\n", 1)[1]
    block = next(block for block in section.split("\n\n") if block.lstrip().startswith("|"))
    lines = block.strip().splitlines()[2:]
    return [tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]) for line in lines]


def test_the_readme_lists_the_declared_capabilities() -> None:
    """Command, support, atomic, guarded and note of each verb, and no other."""
    words = {True: "yes", False: "no"}

    assert sorted(table("Capabilities")) == sorted(
        (command.__name__, how.support.value, words[how.atomic], words[how.guarded], how.note)
        for command, how in EpilotConnector.declared().items()
    )


@pytest.mark.parametrize("list_by", ListBy)
def test_the_readme_tells_what_each_list_leaves_out(list_by: ListBy) -> None:
    """In the words of the connector's note."""
    rows = {row[0].strip("`"): row for row in table("Lists")}

    assert TASK_LISTS[list_by].note in rows[list_by.value]
