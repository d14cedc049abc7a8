"""`/webhooks/<source>`: a vendor says that something has changed. https://www.standardwebhooks.com

Nothing of a webhook is taken for true: it makes the gateway look at the source, under its own account.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from cachetools import TTLCache
from standardwebhooks import Webhook
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from connectors.sdk.settings import WebhookSettings
from gateway.federation.sources import Source
from gateway.http.access_log import LOGGED
from gateway.http.request import RefusedError, header, read_body

LARGEST = 256 * 1024
"""Bytes of a body."""
KEPT_SECONDS = 24 * 3600.0
MOST_IDS = 100_000
LONGEST_ID = 200
_HEADERS = (b"webhook-id", b"webhook-timestamp", b"webhook-signature")


class Webhooks:
    """The ASGI endpoint. `noticed` is called with the key of a source whose tasks may have changed.

    204: taken, also if its id is known already, because senders repeat one whose answer was lost; 401: the signature or its time is
    not good; 404: the source is unknown, or has no `webhook`; 413: too large.
    """

    def __init__(
        self,
        sources: Callable[[], Mapping[str, Source]],
        *,
        noticed: Callable[[str], None],
        observe: Callable[[str, str], None] = lambda _source, _result: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`observe` gets the source and what became of it: looked, repeated, ignored or refused."""
        self._sources = sources
        self._noticed = noticed
        self._observe = observe
        self._seen: TTLCache[tuple[str, str], None] = TTLCache(MOST_IDS, KEPT_SECONDS, timer=monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(scope, receive)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] != "POST":
            return PlainTextResponse("Use POST.\n", 405, {"Allow": "POST"})
        key: str = scope["path_params"]["source"]
        source = self._sources().get(key)
        settings = None if source is None else source.connector.settings.webhook
        if source is None or settings is None:
            return PlainTextResponse("There is no such source, or it takes no webhooks.\n", 404)
        logged: dict[str, Any] = scope.setdefault(LOGGED, {})
        sent = {name.decode(): header(scope, name) or "" for name in _HEADERS}
        if not all(sent.values()) or len(sent["webhook-id"]) > LONGEST_ID:
            # Before the body is read.
            return self._refused(key, logged)
        try:
            body = await read_body(scope, receive, LARGEST)
        except RefusedError as refused:
            return PlainTextResponse(f"{refused}\n", refused.status, refused.headers)
        if not is_signed(body, sent, settings):
            return self._refused(key, logged)
        result = self._taken(key, source, sent["webhook-id"], body)
        logged["webhook"] = result
        self._observe(key, result)
        return Response(status_code=204)

    def _taken(self, key: str, source: Source, webhook_id: str, body: bytes) -> str:
        if (key, webhook_id) in self._seen:
            return "repeated"
        self._seen[key, webhook_id] = None
        if not source.connector.concerns_tasks(body):
            return "ignored"
        self._noticed(key)
        return "looked"

    def _refused(self, key: str, logged: dict[str, Any]) -> Response:
        logged["webhook"] = "refused"
        self._observe(key, "refused")
        return PlainTextResponse("The signature of the webhook is missing, wrong or too old.\n", 401)


def is_signed(body: bytes, headers: Mapping[str, str], settings: WebhookSettings) -> bool:
    """Whether one of the secrets signed it, within 5 minutes of now."""
    for secret in settings.secrets:
        try:
            Webhook(secret.get_secret_value()).verify(body, dict(headers), json_parse=False)
        except Exception:  # noqa: BLE001, S112 what cannot be read raises many kinds of errors there
            continue
        return True
    return False
