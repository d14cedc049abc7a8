"""What flows are about: companies and customers, each under the same id in every flow."""

from uuid import UUID, uuid5

from sandbox import work

_NAMESPACE = UUID("5b4f5c2e-8d1a-4f0e-9b1c-1b3f6d0a7c11")
SCHEMAS = ("opportunity", "contract", "ticket", "meter", "contact")


def entity_id(schema: str, name: str) -> str:
    return str(uuid5(_NAMESPACE, f"{schema} {name}"))


_TITLES = {entity_id(schema, name): name for schema in SCHEMAS for name in work.COMPANIES + work.CUSTOMERS}


def title_of(id: str) -> str:
    """Give the name of a sample entity; of others nothing is known."""
    return _TITLES.get(id, "")
