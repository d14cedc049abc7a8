"""Joining people and accounts: whatever signs in and is listed, in any order."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sdk.model import NativeRef, User
from connectors.sdk.settings import LinkSettings
from gateway.people import Person, SignedIn
from tests.effort import sized
from tests.gateway.people.people import Stage, account, configured, token

# Few values, so that people and accounts meet.
NAMES = ("ann", "ben", "cem")
MAILS = tuple(f"{name}@example.com" for name in NAMES)
RULES = LinkSettings(id_claim="id", username_claim="login", match="email")
SOURCES = ("north", "south")

names = st.sampled_from(NAMES)
mails = st.sampled_from((*MAILS, None))
tokens = st.builds(
    lambda key, mail, proved, native_id, login: token(
        key, email=mail or "", proved=proved, claims={"id": native_id, "login": login}
    ),
    st.sampled_from(("p1", "p2", "p3", "p4", "c1")),
    mails,
    st.booleans(),
    st.none() | names,
    st.none() | names,
)
accounts = st.lists(
    st.builds(
        lambda native_id, mail, login, is_active: account(native_id, mail, username=login, is_active=is_active),
        names,
        mails,
        st.none() | names,
        st.sampled_from((None, True, True, False)),
    ),
    max_size=4,
)
people = st.builds(
    lambda one, other: [configured("c1", one), configured("c2", north=other or "ann")], mails, st.none() | names
)


async def joined(
    known: list[Person], signs_in: list[SignedIn], listed: dict[str, list[User]], order: random.Random
) -> tuple[Stage, dict[tuple[str, str], str | None]]:
    """The links of all people. Directories are read somewhere between the sign-ins."""
    stage = Stage(known, north=RULES, south=RULES)
    steps: list[SignedIn | None] = [*signs_in, None, None]
    order.shuffle(steps)
    for step in steps:
        if step is None:
            stage.accounts = listed
            await stage.read()
        else:
            stage.book.signed_in(step)
            for person in stage.book.all():
                # What is asked in between must change nothing.
                person.identity("north")
    return stage, {
        (person.key, source): None if (found := person.identity(source)) is None else found.native_id
        for person in stage.book.all()
        for source in SOURCES
    }


@pytest.mark.slow
@settings(max_examples=sized(3_000, 60), deadline=None)
@given(people, st.lists(tokens, max_size=4, unique_by=lambda who: who.key), accounts, accounts, st.integers(0, 10**6))
async def test_no_account_has_two_people_and_no_person_two_accounts(
    known: list[Person], signs_in: list[SignedIn], north: list[User], south: list[User], seed: int
) -> None:
    """Nor does the order matter. Both ways of asking agree, and a link is never to an account out of use."""
    listed = {"north": north, "south": south}
    stage, links = await joined(known, signs_in, listed, random.Random(seed))
    _, again = await joined(known, list(reversed(signs_in)), listed, random.Random(1))

    assert links == again
    linked = Counter((source, native_id) for (_, source), native_id in links.items() if native_id is not None)
    assert not [ref for ref, times in linked.items() if times > 1]
    for source in SOURCES:
        for native_id in NAMES:
            person = stage.book.by_native_ref(NativeRef(source, native_id))
            owners = [key for (key, where), found in links.items() if (where, found) == (source, native_id)]
            assert ([] if person is None else [person.key]) == owners
