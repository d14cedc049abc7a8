"""Task definitions over several sources."""

from connectors.sdk.model import Definition
from schema.ports import PageRequest, SourceStatus
from tests.gateway.federation.memory_source import MemoryConnector, federation, person
from tests.gateway.federation.rich_source import RichConnector

ALICE = person("alice", "north", "south")


async def test_definitions_of_all_sources_are_sorted_by_name() -> None:
    """Over several pages."""
    north, south = RichConnector("north"), RichConnector("south")
    north.definitions = [Definition(native_id="2", key="b"), Definition(native_id="1", key="z", name="Alpha")]
    south.definitions = [Definition(native_id="9", key="aardvark")]
    sources = federation(north, south, people=[ALICE])

    first = await sources.list_task_definitions(ALICE, PageRequest(first=2))
    rest = await sources.list_task_definitions(ALICE, PageRequest(first=2, after=first.edges[-1].cursor()))

    assert (["9", "1"], ["2"], 3) == (
        [edge.item.native_id for edge in first.edges],
        [edge.item.native_id for edge in rest.edges],
        first.total,
    )


async def test_a_source_without_definitions_is_skipped() -> None:
    """So is a source that the argument excludes."""
    north = RichConnector("north")
    north.definitions = [Definition(native_id="1", key="a")]
    sources = federation(north, MemoryConnector("west"), people=[ALICE])

    page = await sources.list_task_definitions(ALICE, PageRequest())
    none = await sources.list_task_definitions(ALICE, PageRequest(sources=frozenset({"west"})))

    assert [SourceStatus.OK, SourceStatus.SKIPPED] == [report.status for report in page.sources]
    assert ([], 0) == (none.edges, none.total)
