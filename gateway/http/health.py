"""/livez and /readyz, for operators."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from schema.ports import SourceInfo


def health_routes(sources: Callable[[], Sequence[SourceInfo] | None]) -> APIRouter:
    """`sources` gives None until the gateway has opened them."""
    router = APIRouter()

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> Response:
        """Ready once the sources are open. A failing source is reported, but the gateway stays ready for the others."""
        opened = sources()
        if opened is None:
            return JSONResponse({"status": "starting"}, 503)
        report = {"status": "ok", "sources": {source.key: source_health(source) for source in opened}}
        return Response(orjson.dumps(report), media_type="application/json")

    return router


def source_health(source: SourceInfo) -> dict[str, Any]:
    """One source, with the values that the graph and the metrics show too."""
    cache = None if source.cache is None else source.cache()
    return {
        "status": source.status,
        "reason": source.status_reason,
        "lastSuccessAt": source.last_success_at,
        "rateLimits": [
            {"name": each.name, "limit": each.limit, "remaining": each.remaining, "resetAt": each.reset_at}
            for each in source.rate_limits
        ],
        "cache": None if cache is None else {"entries": cache.entries, "hitRatio": cache.hit_ratio},
    }
