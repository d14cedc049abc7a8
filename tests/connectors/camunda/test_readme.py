"""The vendor's page in the tree."""

from pathlib import Path

import connectors.camunda
from connectors.camunda import CamundaConnector


def test_the_readme_lists_the_declared_capabilities() -> None:
    """Command, support, atomic, guarded and note of each verb, and no other."""
    assert connectors.camunda.__file__ is not None
    text = (Path(connectors.camunda.__file__).parent / "README.md").read_text(encoding="utf-8")
    table = text.split("## Capabilities", 1)[1].split("\n\n")[1]
    rows = {tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[2:]}

    assert rows == {
        (
            command.__name__,
            how.support.value,
            "yes" if how.atomic else "no",
            "yes" if how.guarded else "no",
            how.note,
        )
        for command, how in CamundaConnector.declared().items()
    }
