"""Plain words: a manner of writing that international readers read twice is counted, and may only become rarer."""

import re
from pathlib import Path

from tests.tree import PACKAGES, ROOT

RIDDLES = re.compile(r"\b(whoever|nobody|somebody|anybody)\b", re.IGNORECASE)
TEXTS = {".py", ".md", ".graphql", ".html", ".js", ".css", ".toml"}
FETCHED = ROOT / "gateway" / "graphiql" / "npm"
MOST = 0


def texts() -> list[Path]:
    """Sources of the product, its GraphQL schema and its documents; tests, whose names tell stories, are left out."""
    inside = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in TEXTS]
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "pyproject.toml", ROOT / "Makefile"]
    return sorted(path for path in [*inside, *documents] if not path.is_relative_to(FETCHED))


def test_sentences_name_their_subject() -> None:
    """Words such as `whoever` and `nobody` hide who does what. Lower MOST with each sentence that is made plain."""
    found = {
        str(path.relative_to(ROOT)): len(times)
        for path in texts()
        if (times := RIDDLES.findall(path.read_text(encoding="utf-8")))
    }
    total = sum(found.values())

    assert total <= MOST, f"{total - MOST} more than before; they stand in {found}"
    assert total == MOST, f"there are {total}: set MOST to {total}"
