from schema.api import sdl
from tests.gateway.cli.command import run


def test_schema_prints_the_sdl() -> None:
    """Exactly the schema in the repository."""

    assert (0, sdl()) == run("schema")
