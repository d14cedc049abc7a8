"""Webhooks: who may send them, what is refused before anything is done, and that they only make the gateway look."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from standardwebhooks import Webhook

from connectors.sdk.settings import WebhookSettings
from gateway.http.webhooks import KEPT_SECONDS, LARGEST, Webhooks
from gateway.settings import ConfigurationError, load
from tests.gateway.configuration import SOURCES, write_configuration
from tests.gateway.conftest import opener

SECRET, NEXT, OTHER = ("whsec_" + base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
EPILOT = f"""
[[sources]]
key = "flows"
name = "epilot"
vendor = "epilot"
base_url = "http://127.0.0.1:9"
credentials = {{ token = "pass-never-told" }}
options = {{ org_id = "66", user_url = "http://127.0.0.1:9", kanban_url = "http://127.0.0.1:9", query_url = "http://127.0.0.1:9" }}
[sources.webhook]
secrets = ["{SECRET}", "{NEXT}"]
"""
ENTITY: Mapping[str, Any] = {
    "metadata": {"organization_id": "66", "action": "x"},
    "entity": {"_id": "e1", "_schema": "order"},
}


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx2.AsyncClient]:
    async with opener(tmp_path_factory.mktemp("gateway"))(sources=SOURCES + EPILOT) as client:
        yield client


@pytest.fixture
def noticed(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr("gateway.federation.live.live.Live.noticed", lambda _self, source: found.append(source))
    return found


def signed(body: bytes, *, id: str, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    signature = Webhook(secret).sign(id, at, body.decode())
    return {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


async def send(
    client: httpx2.AsyncClient, headers: Mapping[str, str], *, body: bytes | None = None, source: str = "flows"
) -> int:
    sent = json.dumps(ENTITY).encode() if body is None else body
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    return (await client.post(f"/webhooks/{source}", content=sent, headers=encoded)).status_code


async def test_a_signed_webhook_makes_the_gateway_look_once(client: httpx2.AsyncClient, noticed: list[str]) -> None:
    body = json.dumps(ENTITY).encode()
    for _ in range(3):
        # Senders repeat one whose answer was lost.
        assert await send(client, signed(body, id="once"), body=body) == 204
    assert noticed == ["flows"]
    metrics = (await client.get("/metrics")).text
    assert 'taskgate_webhooks_total{result="looked",source="flows"} 1.0' in metrics
    assert 'taskgate_webhooks_total{result="repeated",source="flows"} 2.0' in metrics
    assert "taskgate_subscribers 0.0" in metrics
    assert "taskgate_observers 0.0" in metrics


async def test_each_of_the_secrets_counts_and_so_does_one_of_several_signatures(
    client: httpx2.AsyncClient, noticed: list[str]
) -> None:
    body = json.dumps(ENTITY).encode()
    assert await send(client, signed(body, id="next", secret=NEXT), body=body) == 204
    headers = signed(body, id="several")
    headers["webhook-signature"] = f"v1a,AAAA v1,{base64.b64encode(bytes(32)).decode()} {headers['webhook-signature']}"
    assert await send(client, headers, body=body) == 204
    assert noticed == ["flows", "flows"]


async def test_what_is_not_signed_well_is_refused(client: httpx2.AsyncClient, noticed: list[str]) -> None:
    body = json.dumps(ENTITY).encode()
    good, now = signed(body, id="good"), datetime.now(UTC)
    refused = [
        {},
        signed(body, id="x", secret=OTHER),
        signed(body, id="x", at=now - timedelta(minutes=6)),
        signed(body, id="x", at=now + timedelta(minutes=6)),
        {**good, "webhook-id": "another"},
        {**good, "webhook-id": "i" * 201},
        {**good, "webhook-timestamp": str(int(now.timestamp()) + 60)},
        *({**good, "webhook-timestamp": text} for text in ("", "x", "nan", "inf", "-1", "9" * 400)),
        *(
            {**good, "webhook-signature": text}
            for text in ("", "v1", "v1,", "v1,!", "v2,AAAA", "v1,AAAA,AAAA", ", ,", "v1,\xe9")
        ),
    ]
    for headers in refused:
        assert await send(client, headers, body=body) == 401, headers
    assert await send(client, good, body=body + b" ") == 401
    assert await send(client, good, body=b"\xff\xfe") == 401
    assert noticed == []
    # Nothing of it is remembered: the same id is taken when it is signed.
    assert await send(client, good, body=body) == 204
    assert noticed == ["flows"]


async def test_only_sources_with_a_secret_take_them(client: httpx2.AsyncClient, noticed: list[str]) -> None:
    body = json.dumps(ENTITY).encode()
    for source in ("camunda", "nothing", "%2e%2e", "flows/x", ""):
        assert await send(client, signed(body, id="x"), body=body, source=source) == 404
    assert (await client.get("/webhooks/flows")).status_code == 405
    assert noticed == []


async def test_a_large_body_is_refused(client: httpx2.AsyncClient, noticed: list[str]) -> None:
    body = b" " * (LARGEST + 1)
    assert await send(client, signed(body, id="large"), body=body) == 413
    assert await send(client, {}, body=body) == 401
    assert noticed == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'"entity"',
        b'{"entity": null}',
        b'{"entity": {"_id": 5}}',
        b"[" * 100_000,
        json.dumps({**ENTITY, "metadata": {"organization_id": "67"}}).encode(),
    ],
)
async def test_what_is_not_about_tasks_of_epilot_is_taken_and_ignored(
    body: bytes, client: httpx2.AsyncClient, noticed: list[str]
) -> None:
    assert await send(client, signed(body, id=f"ignored {hash(body)}"), body=body) == 204
    assert noticed == []


async def test_ids_are_known_for_a_day_and_for_their_source(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    looked: list[str] = []

    class Connector:
        def concerns_tasks(self, _body: bytes) -> bool:
            return True

    class Source:
        connector = Connector()

    hooks = Webhooks(dict, noticed=looked.append, monotonic=lambda: now[0])
    source: Any = Source()
    results = [hooks._taken(key, source, "1", b"") for key in ("a", "a", "b")]
    now[0] = KEPT_SECONDS + 1
    results.append(hooks._taken("a", source, "1", b""))

    assert results == ["looked", "repeated", "looked", "looked"]
    assert looked == ["a", "b", "a"]


@pytest.mark.parametrize("secrets", ["[]", '["whsec_c2hvcnQ="]', '["whsec_\u00e9"]', '["pass-never-told"]'])
def test_secrets_that_sign_nothing_are_faults_of_the_configuration(secrets: str, tmp_path: Path) -> None:
    sources = SOURCES + EPILOT.replace(f'["{SECRET}", "{NEXT}"]', secrets)
    with pytest.raises(ConfigurationError) as fault:
        load(write_configuration(tmp_path, sources=sources))
    assert "secrets" in str(fault.value)
    assert "never-told" not in str(fault.value)


def test_secrets_do_not_print() -> None:
    assert SECRET not in repr(WebhookSettings.model_validate({"secrets": [SECRET]}))
