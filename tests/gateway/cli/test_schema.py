from schema.api import sdl
from schema.subgraph import subgraph_sdl
from tests.gateway.cli.command import run


def test_schema_prints_the_sdl() -> None:
    """Exactly the schema in the repository."""

    assert (0, sdl()) == run("schema")


def test_schema_prints_the_subgraph() -> None:
    """For the composition of a larger graph."""
    code, text = run("schema", "--subgraph", "2.9")

    assert (0, subgraph_sdl(sdl(), "2.9")) == (code, text)
    assert run("schema", "--subgraph", "1.0")[0] == 1
