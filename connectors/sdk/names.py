"""Names of groups and users as they are compared where case does not matter."""

NameKey = str | tuple[str, str]


def name_key(name: str) -> NameKey:
    """Equal for names that differ by case alone.

    Where people may name groups, a name that only folds to another one must not stand for it: a ligature is not its letters,
    the Kelvin sign is no k. Both change in one direction only.
    """
    return name.lower() if name.isascii() else (name.lower(), name.upper())
