"""The shape of schema/: what is written is mounted."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import schema
from schema.api import Mutation, Query


def _classes() -> Iterator[type]:
    """Every class that is defined below schema/."""
    for module in pkgutil.walk_packages(schema.__path__, "schema."):
        members = vars(importlib.import_module(module.name)).values()
        yield from (each for each in members if isinstance(each, type) and each.__module__ == module.name)


@pytest.mark.parametrize(("ending", "root"), [("Queries", Query), ("Mutations", Mutation)])
def test_every_class_of_root_fields_is_mounted(ending: str, root: type) -> None:
    """A class of resolvers that is no base of the root type is reached by no client."""
    found = [each for each in _classes() if each.__name__.endswith(ending)]

    assert found
    assert [] == [each for each in found if not issubclass(root, each)]
