"""The stand-in's tenant and connectors that read it."""

from datetime import UTC, datetime
from typing import Any

import httpx2

from connectors.sdk.caller import Identity
from connectors.sdk.model import Task
from connectors.sdk.query import Page, TaskQuery
from connectors.sdk.testing import FaultyTransport
from connectors.uipath import UiPathConnector, UiPathSettings
from sandbox.uipath import UiPathStandIn

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
BASE_URL = "https://uipath.test"


def settings_with(**options: Any) -> UiPathSettings:
    """A personal access token, and these options beside organization and tenant."""
    return UiPathSettings.model_validate(
        {
            "key": "uipath",
            "name": "UiPath",
            "base_url": BASE_URL,
            "credentials": {"kind": "bearer", "token": "rt_secret"},
            "options": {"organization": "acme", "tenant": "DefaultTenant", **options},
        }
    )


class Tenant:
    """The stand-in with sixty tasks, and connectors that read it."""

    def __init__(self) -> None:
        self.now = NOW
        self.stand_in = UiPathStandIn(clock=lambda: self.now)
        self.stand_in.reset(tasks=60, seed=7, now=NOW, scenario=None)
        # Typed for other frameworks' stricter idea of an ASGI application.
        app: Any = self.stand_in
        self.transport = FaultyTransport(httpx2.ASGITransport(app=app))
        self.opened: list[UiPathConnector] = []
        self.connector = self.open()

    def open(self, **options: Any) -> UiPathConnector:
        config = self.stand_in.source_config(BASE_URL)
        config["options"] |= options
        settings = UiPathSettings.model_validate(config)
        connector = UiPathConnector.open(settings, transport=self.transport, clock=lambda: self.now)
        self.opened.append(connector)
        return connector

    def identity(self, key: str) -> Identity:
        person = self.stand_in.identities()[key]
        return Identity(
            native_id=person["id"],
            username=person["username"],
            email=person["email"],
            groups=tuple(person["groups"]),
        )

    async def drain(self, query: TaskQuery | None = None, limit: int = 500) -> list[Task]:
        found: list[Task] = []
        after: str | None = None
        pushed = self.connector.pushdown(query or TaskQuery())
        while True:
            page: Page[Task] = await self.connector.list_tasks(pushed, limit=limit, after=after)
            found += page.items
            after = page.next_cursor
            if after is None:
                return found
