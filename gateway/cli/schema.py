"""`taskgate schema`: the SDL."""


def schema() -> None:
    """Print the SDL."""
    from schema.api import sdl

    print(sdl(), end="")
