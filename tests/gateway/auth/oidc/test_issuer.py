"""The keys of a provider: rotation, unknown keys, outages. The clock is the test's."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.auth.oidc.issuer import FORCED_EVERY, LIFETIME, MOST_WAITING, OLDEST, Issuer
from gateway.auth.oidc.provider import provider_client
from gateway.auth.oidc.refusal import KeysUnavailableError, TokenRefusedError
from sandbox.issuer import CERTS, DISCOVERY, SmallIssuer
from tests.gateway.auth.oidc.providing import ByHost, Time, issuer_of, settled, small_issuer


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def small(time: Time) -> SmallIssuer:
    return small_issuer(time)


@pytest.fixture
async def issuer(small: SmallIssuer, time: Time) -> AsyncIterator[Issuer]:
    async with provider_client(ByHost([small])) as client:
        opened = issuer_of(small, time, client)
        yield opened
        await opened.aclose()


async def test_the_keys_are_found_by_discovery_and_kept(issuer: Issuer, small: SmallIssuer) -> None:
    """One request for the addresses, one for the keys; then none."""
    for _ in range(3):
        assert small.ring.kid == (await issuer.key(small.ring.kid, "ES256")).kid

    assert {DISCOVERY: 1, CERTS: 1} == small.requests
    assert "OK" == issuer.status().status


async def test_keys_with_a_configured_address_need_no_discovery(small: SmallIssuer, time: Time) -> None:
    """`jwks_url`."""
    async with provider_client(ByHost([small])) as client:
        issuer = issuer_of(small, time, client, jwks_url=small.base_url + CERTS)
        await issuer.refresh()

    assert {CERTS: 1} == small.requests
    assert "OK" == issuer.status().status


async def test_discovery_for_pages_may_fail(small: SmallIssuer, time: Time) -> None:
    """With `jwks_url` and `login`: tokens are checked, and the page looks for the provider later."""
    async with provider_client(ByHost([small])) as client:
        issuer = issuer_of(
            small, time, client, issuer=small.address + "/", jwks_url=small.base_url + CERTS, login={"client_id": "p"}
        )
        await issuer.refresh()

    assert {CERTS: 1, DISCOVERY: 1} == small.requests
    assert ("OK", None) == (issuer.status().status, issuer.discovery)


async def test_a_new_key_is_accepted_at_once_by_one_request(issuer: Issuer, small: SmallIssuer) -> None:
    """However many requests come with it at the same moment. The old key stays valid while the provider lists it."""
    old = small.ring.kid
    await issuer.refresh()
    small.ring.rotate()
    keys = await asyncio.gather(*(issuer.key(small.ring.kid, "ES256") for _ in range(50)))

    assert {small.ring.kid} == {key.kid for key in keys}
    assert 2 == small.requests[CERTS]
    assert old == (await issuer.key(old, "ES256")).kid


async def test_a_withdrawn_key_is_refused_after_the_next_read(issuer: Issuer, small: SmallIssuer, time: Time) -> None:
    """Half of the lifetime later at the latest."""
    old = small.ring.kid
    await issuer.refresh()
    small.ring.rotate()
    small.ring.withdraw()
    assert old == (await issuer.key(old, "ES256")).kid
    time.pass_(LIFETIME / 2)
    assert 0 == issuer.due_in()
    await issuer.refresh()

    with pytest.raises(TokenRefusedError):
        await issuer.key(old, "ES256")


async def test_a_thousand_unknown_keys_a_second_cause_one_request_in_30_seconds(
    issuer: Issuer, small: SmallIssuer, time: Time
) -> None:
    """For 60 seconds: at the beginning, after 30 and after 60. (Fewer keys in the later seconds, to save time.)"""
    await issuer.refresh()
    for second in range(60):
        for number in range(10 if second else 1000):
            with pytest.raises(TokenRefusedError):
                await issuer.key(f"unknown {number}", "ES256")
        time.pass_(1)
    with pytest.raises(TokenRefusedError):
        await issuer.key("unknown", "ES256")

    assert 1 + 3 == small.requests[CERTS]
    assert 1 == small.requests[DISCOVERY]


async def test_unknown_keys_cannot_keep_a_rotation_out_for_longer(
    issuer: Issuer, small: SmallIssuer, time: Time
) -> None:
    """A real new key that comes just after a forced read is known 30 seconds later."""
    await issuer.refresh()
    with pytest.raises(TokenRefusedError):
        await issuer.key("unknown", "ES256")
    small.ring.rotate()
    with pytest.raises(TokenRefusedError):
        await issuer.key(small.ring.kid, "ES256")
    time.pass_(FORCED_EVERY)

    assert small.ring.kid == (await issuer.key(small.ring.kid, "ES256")).kid


async def test_old_keys_serve_for_a_day_while_the_provider_is_away(
    issuer: Issuer, small: SmallIssuer, time: Time
) -> None:
    """Its status says so. After a day nothing can be checked; once it is back, everything."""
    await issuer.refresh()
    small.is_down = True
    time.pass_(OLDEST)
    await issuer.refresh()
    assert small.ring.kid == (await issuer.key(small.ring.kid, "ES256")).kid
    assert ("STALE", "JWKS answered with status 503", OLDEST) == (
        issuer.status().status,
        issuer.status().reason,
        issuer.status().keys_age,
    )

    time.pass_(1)
    with pytest.raises(KeysUnavailableError):
        await issuer.key(small.ring.kid, "ES256")
    assert ("UNAVAILABLE", None) == (issuer.status().status, issuer.status().keys_age)

    small.is_down = False
    time.pass_(FORCED_EVERY)
    assert small.ring.kid == (await issuer.key(small.ring.kid, "ES256")).kid
    assert ("OK", None) == (issuer.status().status, issuer.status().reason)


async def test_without_keys_a_token_is_not_called_wrong(issuer: Issuer, small: SmallIssuer) -> None:
    """The provider was away at the start: the caller is told when to try again."""
    small.is_down = True
    with pytest.raises(KeysUnavailableError) as caught:
        await issuer.key(small.ring.kid, "ES256")

    assert 5 == caught.value.retry_after


async def test_a_provider_that_is_away_is_asked_less_and_less(issuer: Issuer, small: SmallIssuer, time: Time) -> None:
    """After 5, 10, 20, 40 and then each 60 seconds."""
    small.is_down = True
    pauses = []
    for _ in range(7):
        await issuer.refresh()
        pauses.append(issuer.due_in())
        time.pass_(pauses[-1])

    assert [5, 10, 20, 40, 60, 60, 60] == pauses


async def test_a_set_without_keys_does_not_replace_the_keys(issuer: Issuer, small: SmallIssuer) -> None:
    """An empty or unreadable answer is a fault of the provider, not the end of all sign-ins."""
    from starlette.responses import JSONResponse, Response

    await issuer.refresh()
    for broken in (JSONResponse({"keys": []}), JSONResponse({}), Response("<html>"), JSONResponse({"keys": ["x"]})):
        small.replaced[CERTS] = broken
        await issuer.refresh()
        assert "STALE" == issuer.status().status
        assert small.ring.kid == (await issuer.key(small.ring.kid, "ES256")).kid


async def test_an_error_of_ours_is_a_failed_read(
    issuer: Issuer, small: SmallIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The known keys serve, and the next read may succeed."""
    await issuer.refresh()
    with monkeypatch.context() as broken:
        broken.setattr(issuer._provider, "keys", None)
        await issuer.refresh()
        assert ("STALE", 5) == (issuer.status().status, issuer.due_in())
    await issuer.refresh()

    assert "OK" == issuer.status().status


async def test_a_caller_who_goes_away_ends_no_request(issuer: Issuer, small: SmallIssuer) -> None:
    """Others wait for the same answer."""
    first = asyncio.ensure_future(issuer.key(small.ring.kid, "ES256"))
    second = asyncio.ensure_future(issuer.key(small.ring.kid, "ES256"))
    await asyncio.sleep(0)
    first.cancel()

    assert small.ring.kid == (await second).kid
    assert 1 == small.requests[CERTS]


async def test_only_so_many_requests_wait_for_the_provider(issuer: Issuer, small: SmallIssuer) -> None:
    """The others are refused at once and hold no memory."""
    small.is_down = True
    asked = [asyncio.ensure_future(issuer.key("unknown", "ES256")) for _ in range(MOST_WAITING + 50)]
    await asyncio.sleep(0)
    ended = sum(each.done() for each in asked)
    await asyncio.gather(*asked, return_exceptions=True)

    assert 50 == ended
    assert 1 == small.requests[DISCOVERY]


async def test_keys_are_read_again_in_the_background(issuer: Issuer, small: SmallIssuer, time: Time) -> None:
    """At half of their lifetime, without a request."""
    paused = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)
        time.pass_(seconds)
        if len(paused) > 4:
            await asyncio.Event().wait()

    task = asyncio.ensure_future(issuer.keep_fresh(pause))
    while len(paused) < 5:
        await settled()
    task.cancel()

    assert [0, 300, 300, 300, 300] == paused
    assert {DISCOVERY: 1, CERTS: 4} == small.requests
