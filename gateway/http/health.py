"""/livez and /readyz, for operators."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from gateway.auth import Authenticator, IssuerStatus
from schema.ports import SourceInfo, SourceStatus


def health_routes(
    sources: Callable[[], Sequence[SourceInfo] | None],
    authenticator: Callable[[], Authenticator],
    journal_trouble: Callable[[], str | None],
) -> APIRouter:
    """`sources` gives None until the gateway has opened them. The others are asked after that.

    `journal_trouble`: why the journal of writes took no write when it was last used; None if it did.
    """
    router = APIRouter()

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> Response:
        """Ready once the sources are open. A failing source is reported, but the gateway stays ready for the others.

        So is an identity provider that is away: the gateway goes on asking for its keys.
        """
        opened = sources()
        if opened is None:
            return JSONResponse({"status": "starting"}, 503)
        report: dict[str, Any] = {"status": "ok", "sources": {source.key: source_health(source) for source in opened}}
        trouble = journal_trouble()
        # Reads go on without the journal, so that the gateway stays ready.
        report["journal"] = {"status": "OK" if trouble is None else "UNAVAILABLE", "reason": trouble}
        if signs_in := authenticator().issuers():
            report["issuers"] = {each.issuer: _issuer_health(each) for each in signs_in}
        return Response(orjson.dumps(report), media_type="application/json")

    return router


def _issuer_health(issuer: IssuerStatus) -> dict[str, Any]:
    """`keysAgeSeconds` is null without keys: then no token of the issuer can be checked."""
    age = issuer.keys_age
    return {
        "status": issuer.status,
        "reason": issuer.reason,
        "keysAgeSeconds": None if age is None else round(age),
    }


def source_health(source: SourceInfo) -> dict[str, Any]:
    """One source, with the values that the graph and the metrics show too.

    The graph calls a source OK that was not asked yet: nothing is wrong with it. An operator is told the difference.
    """
    was_asked = source.last_success_at is not None or source.last_failure_at is not None
    cache = None if source.cache is None else source.cache()
    return {
        "status": source.status if was_asked or source.status is not SourceStatus.OK else "NOT_ASKED",
        "reason": source.status_reason,
        "lastSuccessAt": source.last_success_at,
        "lastFailureAt": source.last_failure_at,
        "rateLimits": [
            {"name": each.name, "limit": each.limit, "remaining": each.remaining, "resetAt": each.reset_at}
            for each in source.rate_limits
        ],
        "cache": None if cache is None else {"entries": cache.entries, "hitRatio": cache.hit_ratio},
    }
