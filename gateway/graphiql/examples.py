"""The operations in the page's tabs, in their order."""

from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """`variables` are those that the page fills in: `id`, `outcome`, `data` of a task that may be claimed, by filling.js;
    `user`: a colleague whom its source accepts.
    """

    query: str
    variables: tuple[str, ...]


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.graphql").read_text(encoding="utf-8")


EXAMPLES = (
    Example(_read("inbox"), ()),
    Example(_read("detail"), ("id",)),
    Example(_read("claim"), ("id",)),
    Example(_read("complete"), ("id", "outcome", "data")),
    Example(_read("assign"), ("id", "user")),
    Example(_read("cancel"), ("id",)),
    Example(_read("flows"), ()),
    Example(_read("counts"), ()),
    Example(_read("people"), ()),
    Example(_read("sources"), ()),
    Example(_read("live"), ()),
)
SAMPLE = _read("sample")
"""The query whose tasks fill in those variables. It also reads the task that filled them in before."""
ASSIGNEES = _read("assignees")
"""The query for `user`."""
