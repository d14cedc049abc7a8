"""The table of proofs in docs/writes.md follows from the rules and from what each vendor declares."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.sdk.commands import Command
from connectors.sdk.connector import Connector
from connectors.sdk.registry import connector_types
from gateway.federation.writes.proof import RULES, Disproof, Proof, disproof_of, proofs_of

PAGE = Path(__file__).parents[4] / "docs" / "writes.md"
# Signs of the table; the page explains them.
SIGNS = {Proof.OWNER: "owner", Proof.PAYLOAD: "payload", Proof.ENTRY: "entry", Proof.COMMENT: "text"}


def lines() -> Iterator[str]:
    vendors = sorted(connector_types().items())
    yield f"| command | {' | '.join(connector.title for _, connector in vendors)} |"
    yield "| --- " * (len(vendors) + 1) + "|"
    for command in RULES:
        cells = [cell(connector, command) for _, connector in vendors]
        if set(cells) != {""}:
            yield f"| `{command.__name__}` | {' | '.join(cells)} |"


def cell(connector: type[Connector[Any]], command: type[Command]) -> str:
    """What proves; "not:" what disproves; "again" for a guarded command that may be sent again in its request."""
    variants = [how for known, how in connector.variants() if known is command]
    if not variants:
        return ""
    signs = [SIGNS[proof] for proof in proofs_of(command, connector.traces)] or ["nothing"]
    if disproof_of(command, connector.traces) is not None:
        signs.append("not: other end")
    if RULES[command].again and any(how.guarded for how in variants):
        signs.append("again")
    return ", ".join(signs)


def test_the_page_has_the_table() -> None:
    """Copy the lines from here after a change of a rule or of a vendor's traces."""
    expected = "\n".join(lines())

    assert expected in PAGE.read_text(), expected


def test_the_page_has_the_text_of_every_proof() -> None:
    """As the rules say it."""
    page = PAGE.read_text()

    assert [] == [text for text in (*Proof, *Disproof) if text.value not in page]
