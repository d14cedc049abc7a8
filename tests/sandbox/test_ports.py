"""The ports of the stand-ins."""

from sandbox.ports import PORT_OFFSETS
from sandbox.registry import stand_ins


def test_each_stand_in_has_its_own_port() -> None:
    """Port 0 of the table is the overview."""
    assert ["camunda", "uipath", "epilot", "littlehorse", "geotareas", "camunda7"] == list(PORT_OFFSETS)
    assert [1, 2, 3, 4, 5, 6] == list(PORT_OFFSETS.values())
    assert set(stand_ins()) == set(PORT_OFFSETS)
