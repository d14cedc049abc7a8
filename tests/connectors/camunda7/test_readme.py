"""The vendor's page in the tree."""

import re
from pathlib import Path

import connectors.camunda7
from connectors.camunda7 import Camunda7Connector


def test_the_readme_lists_the_declared_capabilities() -> None:
    """Command, support, atomic, guarded and note of each way to carry out a verb, and no other."""
    text = (Path(connectors.camunda7.__file__).parent / "README.md").read_text(encoding="utf-8")
    table = text.split("## Capabilities", 1)[1].split("\n\n")[1].splitlines()[2:]
    listed = [tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]) for line in table]
    words = {True: "yes", False: "no"}

    assert sorted(listed) == sorted(
        (command.__name__, how.support.value, words[how.atomic], words[how.guarded], how.note)
        for command, how in Camunda7Connector.variants()
    )
