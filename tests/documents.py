"""README and docs/ as tests read them."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


class Page:
    """One Markdown page of the repository."""

    def __init__(self, name: str) -> None:
        self.path = ROOT / name
        self.text = self.path.read_text(encoding="utf-8")

    def blocks(self, language: str) -> list[str]:
        """The fenced blocks of that language, in order."""
        return re.findall(rf"```{language}\n(.*?)```", self.text, re.DOTALL)

    def rows(self, head: str) -> list[list[str]]:
        """The cells of the table whose first heading is `head`."""
        table = self.text.split(f"| {head} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


README = Page("README.md")
PAGES = [README, *(Page(f"docs/{path.name}") for path in sorted((ROOT / "docs").glob("*.md")))]
