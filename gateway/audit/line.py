"""One line of the audit."""

from typing import Literal

from msgspec import Struct, field

Kind = Literal["write", "undo", "settled", "recovered"]
"""write: a person's write has ended. undo: the gateway took the first step of a write back. settled: it was found out later
what became of a write. recovered: the end of a process cut a write off.
"""


class AuditLine(Struct, frozen=True, kw_only=True):
    """No form data, no texts of people, no tokens: only names, ids and codes.

    `time` is RFC 3339 in UTC. `person` is the author's key, `issuer` the one of their token, None for others.
    `acted_as` is "account", "person" or "account and person": whose credentials the source was called with, or would have
    been. `target` is "task:<id>", "flow:<id>", "source" for what is created, and "next" for a search of the next task; ids are
    the source's own. `status` and `codes` are the graph's. `request` is the id of the request, None where there was none.
    """

    time: str
    kind: Kind
    person: str
    issuer: str | None
    source: str
    acted_as: str = field(name="as")
    action: str
    target: str
    status: str
    codes: tuple[str, ...]
    operation: str
    request: str | None
