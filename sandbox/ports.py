"""The ports of the stand-ins, counted from the base port of the sandbox."""

from collections.abc import Mapping
from types import MappingProxyType

PORT_OFFSETS: Mapping[str, int] = MappingProxyType(
    {
        "camunda": 1,
        "uipath": 2,
        "epilot": 3,
        "littlehorse": 4,
        "geotareas": 5,
        "camunda7": 6,
    }
)
"""By vendor. Offset 0 is the overview of all stand-ins."""

ISSUER_OFFSET = 9
"""The identity provider's."""


def port_of(vendor: str, base_port: int) -> int:
    """Return the port of a vendor's stand-in."""
    return base_port + PORT_OFFSETS[vendor]
