"""Pages of OData lists."""

from typing import Any

from starlette.responses import Response

from sandbox.uipath import answers
from sandbox.uipath.formats import EntityType, Query, page_of
from sandbox.uipath.requests import Call


def listed(call: Call, records: list[Any], entity: EntityType, query: Query) -> Response:
    """Answer with one page of records that are already filtered."""
    call.store.turn += 1
    shown = page_of(records, query, call.now, call.store.turn)
    total = len(records) if query.count else None
    return answers.json_response(answers.odata_list(shown, total, entity, query, call.style, call.now))
