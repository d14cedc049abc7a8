"""The running Keycloak, a realm in it, and gateways' sign-in over it."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx2
import pytest

from gateway.auth import Authenticator
from gateway.auth.oidc import OidcSignIn, open_issuers
from gateway.people.book import BookOfPeople
from gateway.settings import OidcAuth
from tests.real.keycloak.engine import Keycloak
from tests.real.keycloak.realm import GATEWAY, PAGE, Realm
from tests.real.keycloak.run import running_server

OpenSignIn = Callable[..., AbstractAsyncContextManager[Authenticator]]

# `python -m tests.real.keycloak` starts the server; without it there is nothing to test here.
collect_ignore_glob = [] if "KEYCLOAK_REAL_ADDRESS" in os.environ else ["test_*.py"]


@pytest.fixture(scope="session")
def keycloak() -> Keycloak:
    return running_server()


@pytest.fixture(scope="session")
def realm(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    with httpx2.Client(timeout=600, trust_env=False) as client:
        yield Realm.made(keycloak, client, tmp_path_factory.mktemp("guide"))


@pytest.fixture(scope="session")
def open_sign_in(realm: Realm) -> OpenSignIn:
    """Opens the sign-in of a gateway that has read the keys. Checked tokens are not kept."""

    @asynccontextmanager
    async def opened(*, looks: bool = True, **settings: Any) -> AsyncIterator[Authenticator]:
        issuer = {
            "issuer": realm.url,
            "audience": GATEWAY,
            "admin_roles": ["task-admin"],
            "login": {"client_id": PAGE},
            **settings,
        }
        auth = OidcAuth.model_validate({"mode": "oidc", "issuers": [issuer], "keep_seconds": 0})
        async with open_issuers(auth, may_be_plain=False) as issuers:
            authenticator = Authenticator(OidcSignIn(auth, BookOfPeople(), issuers), issuers)
            if looks:
                await authenticator.first_look(within=60)
            yield authenticator

    return opened
