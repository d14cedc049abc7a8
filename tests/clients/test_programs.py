"""The programs in docs/clients.md, run unchanged against a gateway with the demo's data."""

import re
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import HERE, printed
from tests.documents import Page
from tests.world import World

CHAPTER = Page("docs/clients.md").text
PROGRAMS = {
    title: (language, text)
    for title, language, text in re.findall(
        r"<summary><b>(.*?)</b>.*?</summary>\n\n```(js|python)\n(.*?)```\n\n</details>", CHAPTER, re.DOTALL
    )
}
DEMONSTRATION = "http://127.0.0.1:8000"
OUTPUT = re.findall(r"```text\n(.*?)```", CHAPTER, re.DOTALL)[0]


def test_every_client_has_a_program() -> None:
    """Otherwise the test below would skip a client."""

    assert ["fetch", "Apollo Client", "urql", "Python, gql", "Python, plain HTTP"] == list(PROGRAMS)
    assert CHAPTER.count("<details>") == len(PROGRAMS)


@pytest.mark.parametrize("title", PROGRAMS)
async def test_a_program_prints_what_the_page_shows(
    title: str, address: str, world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Exactly, with several pages and one claim at the vendor."""
    language, text = PROGRAMS[title]

    assert text.count(DEMONSTRATION) == 1

    text = text.replace(DEMONSTRATION, address)
    if language == "js":
        command = [request.getfixturevalue("node"), "inbox.mjs"]
        (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    else:
        command = [sys.executable, "-W", "error", "inbox.py"]
    (tmp_path / command[-1]).write_text(text, encoding="utf-8")

    output = await printed(*command, folder=tmp_path)
    effects = await world.effects("camunda") + await world.effects("geotareas")

    assert OUTPUT == output
    assert ["claim"] == [action for action, _ in effects]
