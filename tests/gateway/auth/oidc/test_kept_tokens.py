import hashlib
from collections.abc import AsyncIterator

import pytest

from connectors.sdk.caller import Caller
from gateway.auth import SignInUnavailableError, UnauthenticatedCallerError
from gateway.auth.oidc.kept_tokens import KeptTokens
from gateway.auth.oidc.sign_in import OidcSignIn
from gateway.people import SignedIn
from gateway.people.book import BookOfPeople
from gateway.settings import ApiKey
from sandbox.issuer import SmallIssuer, subject
from sandbox.people import ALICE, CAROL
from tests.gateway.auth.oidc.providing import BEGINNING, Time, signing_in, small_issuer


def who(expires_at: float) -> SignedIn:
    return SignedIn(
        issuer="i",
        subject="s",
        key="k",
        name="n",
        email=None,
        is_email_proved=False,
        groups=(),
        roles=frozenset(),
        claims={},
        expires_at=expires_at,
    )


@pytest.mark.parametrize(("lifetime", "seconds", "kept_for"), [(300, 60, 60), (20, 60, 20), (300, 0, 0), (-5, 60, 0)])
def test_a_token_is_kept_until_its_end_and_no_longer_than_configured(
    lifetime: float, seconds: float, kept_for: float
) -> None:
    """The earlier of both. A token within its leeway is not kept."""
    time = Time()
    kept = KeptTokens(seconds, now=time.epoch)
    kept.keep(b"d", who(BEGINNING + lifetime), size=1)
    time.pass_(kept_for - 0.5)
    before = kept.get(b"d")
    time.pass_(0.5)

    assert ((before is not None), None) == (kept_for > 0, kept.get(b"d"))
    assert 0 == len(kept)


def test_the_memory_of_kept_tokens_is_bounded() -> None:
    """By their sizes; the one that was used least recently goes first."""
    kept = KeptTokens(60, most_bytes=1000, now=Time().epoch)
    for number in range(100):
        kept.keep(b"%d" % number, who(BEGINNING + 60), size=100)
    kept.keep(b"huge", who(BEGINNING + 60), size=1000)

    assert 1 == len(kept)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def small(time: Time) -> SmallIssuer:
    return small_issuer(time)


MACHINE = Caller(key="machine", name="Machine", identities={})


@pytest.fixture
async def sign_in(small: SmallIssuer, time: Time) -> AsyncIterator[OidcSignIn]:
    keys = (ApiKey(person="machine", sha256=hashlib.sha256(b"a key").hexdigest()),)
    people = BookOfPeople([MACHINE, Caller(key=subject(ALICE), name="Alice as configured", identities={})])
    async with signing_in((small, {"admin_roles": ["task-admin"]}), time=time, people=people, keys=keys) as opened:
        yield opened


async def test_a_kept_token_is_not_checked_again(sign_in: OidcSignIn, small: SmallIssuer, time: Time) -> None:
    """For 60 seconds. Then a token whose key was withdrawn is refused."""
    token = small.token("bob").encode()
    await sign_in.person(token)
    small.ring.rotate()
    small.ring.withdraw()
    await sign_in.issuers[0].refresh()
    assert await sign_in.person(token)
    time.pass_(60)

    with pytest.raises(UnauthenticatedCallerError):
        await sign_in.person(token)


async def test_an_expired_token_is_refused_although_it_was_kept(
    sign_in: OidcSignIn, small: SmallIssuer, time: Time
) -> None:
    """At its end, and the leeway."""
    token = small.token("bob", lifetime_s=10).encode()
    assert await sign_in.person(token)
    time.pass_(40)

    with pytest.raises(UnauthenticatedCallerError, match="expired"):
        await sign_in.person(token)


async def test_a_token_means_the_configured_person_of_its_key(sign_in: OidcSignIn, small: SmallIssuer) -> None:
    """Others are described by their tokens alone."""
    alice, carol = [await sign_in.person(small.token(key).encode()) for key in ("alice", "carol")]

    assert ("Alice as configured", "Carol Singh") == (alice and alice.name, carol and carol.name)
    assert carol is not None
    assert (True, ("operations",), {}) == (carol.is_task_admin, carol.groups, dict(carol.identities))


async def test_machines_have_keys_beside_the_tokens_of_people(sign_in: OidcSignIn, small: SmallIssuer) -> None:
    """A key is no credential for a source; a token is one."""
    token = small.token("alice").encode()

    assert MACHINE == await sign_in.person(b"a key")
    assert (False, True) == (sign_in.is_credential(b"a key"), sign_in.is_credential(token))
    assert 0 == small.requests.total()


async def test_a_machine_is_no_task_admin_because_its_person_signed_in_as_one(small: SmallIssuer, time: Time) -> None:
    """The key would keep the role when the provider has taken it away."""
    carol = Caller(key=subject(CAROL), name="Carol as configured", identities={})
    keys = (ApiKey(person=carol.key, sha256=hashlib.sha256(b"a key").hexdigest()),)
    admins = {"admin_roles": ["task-admin"]}
    async with signing_in((small, admins), time=time, people=BookOfPeople([carol]), keys=keys) as opened:
        person = await opened.person(small.token("carol").encode())
        machine = await opened.person(b"a key")

    assert (True, False) == (person and person.is_task_admin, machine and machine.is_task_admin)


async def test_a_token_that_cannot_be_checked_now_is_not_refused(sign_in: OidcSignIn, small: SmallIssuer) -> None:
    """The provider is away and no keys are known. Keys of machines need no provider."""
    small.is_down = True
    with pytest.raises(SignInUnavailableError):
        await sign_in.person(small.token("alice").encode())

    assert MACHINE == await sign_in.person(b"a key")


async def test_each_issuer_speaks_for_its_own_people(time: Time) -> None:
    """A token of one that names the other as its issuer is refused: each one's keys check its own tokens."""
    one, two = small_issuer(time, "http://127.0.0.1:8"), small_issuer(time, "http://127.0.0.1:9")
    domains = {"email_domains": ["example.com"]}
    async with signing_in(
        (one, {"prefix": "one-", **domains}), (two, {"prefix": "two-", **domains}), time=time
    ) as both:
        first, second = [await both.person(each.token("alice").encode()) for each in (one, two)]
        assert first is not None
        assert second is not None
        assert [f"one-{subject(ALICE)}", f"two-{subject(ALICE)}"] == [first.key, second.key]
        with pytest.raises(UnauthenticatedCallerError):
            await both.person(one.token("alice", iss=two.address).encode())
