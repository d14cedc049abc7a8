"""Plain words: words that hide the subject of a sentence are counted, and their number may only decrease."""

import re
from pathlib import Path

from tests.tree import PACKAGES, ROOT

RIDDLES = re.compile(r"\b(whoever|nobody|somebody|anybody)\b", re.IGNORECASE)
TEXTS = {".py", ".md", ".graphql", ".html", ".js", ".css", ".toml"}
FETCHED = ROOT / "gateway" / "graphiql" / "npm"
MOST = 0


def texts() -> list[Path]:
    """Source files of the product, the schema and the documents. Tests are left out."""
    inside = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in TEXTS]
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "pyproject.toml", ROOT / "Makefile"]
    return sorted(path for path in [*inside, *documents] if not path.is_relative_to(FETCHED))


def test_sentences_name_their_subject() -> None:
    """Words such as `whoever` and `nobody` hide who does what. Lower MOST for each sentence that is rewritten."""
    found = {
        str(path.relative_to(ROOT)): len(times)
        for path in texts()
        if (times := RIDDLES.findall(path.read_text(encoding="utf-8")))
    }
    total = sum(found.values())

    assert total <= MOST, f"{total - MOST} more than before; they stand in {found}"
    assert total == MOST, f"there are {total}: set MOST to {total}"
