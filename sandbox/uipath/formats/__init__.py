"""OData: the query options of a request, applied to records.

- `odata_types`: entity types and their properties
- `odata_tokens`: tokens of an expression
- `odata_filter`: `$filter`
- `odata_query`: all query options, pages and the JSON of an entity
"""

from sandbox.uipath.formats.odata_filter import Filter, parse_filter
from sandbox.uipath.formats.odata_query import Query, Selection, entity_json, matching, page_of, parse_query
from sandbox.uipath.formats.odata_types import EntityType, Kind, Property, Read, moment

__all__ = [
    "EntityType",
    "Filter",
    "Kind",
    "Property",
    "Query",
    "Read",
    "Selection",
    "entity_json",
    "matching",
    "moment",
    "page_of",
    "parse_filter",
    "parse_query",
]
