"""What a message repeats of a vendor's own text."""

import base64
import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk import Answer, vendor_code, vendor_text
from connectors.sdk.http.vendor_text import LONGEST

CASES = Path(__file__).parents[4] / "shared/cases/inputs/vendor-words.json"
PLANTED = ("eyJ", "SECRETXYZ", "ZGVtbzpkZW1v", "10.0.0", "http", "svc", "ES91", "filter", "script")

words = st.sampled_from(
    [
        "the",
        "task",
        "user",
        "cannot",
        "be",
        "completed",
        "because",
        "its",
        "state",
        "does",
        "not",
        "allow",
        "it",
        "only",
        "assignees",
        "may",
        "do",
        "this",
        "Expected",
        "Command",
    ]
)
_mixed = st.text(string.ascii_letters + string.digits + "+/-_", min_size=12, max_size=60)
tokens = _mixed.filter(lambda each: sum(map(str.isdigit, each)) >= 2)
names = st.text(string.ascii_lowercase, min_size=3, max_size=9)
secrets = st.one_of(
    tokens,
    tokens.map(lambda each: f"Bearer {each}"),
    st.tuples(names, tokens).map(lambda pair: "Basic " + base64.b64encode(":".join(pair).encode()).decode()),
    st.tuples(tokens, tokens).map(lambda pair: f"eyJhbGciOiJSUzI1NiJ9.{pair[0]}.{pair[1]}"),
    st.sampled_from(["gtk_", "rt_", "sk_live_", "ghp_", "xoxb-"]).flatmap(lambda start: names.map(start.__add__)),
    st.uuids().map(str),
    st.ip_addresses().map(str),
    st.tuples(st.ip_addresses(v=4), st.integers(1, 65535)).map(lambda pair: f"{pair[0]}:{pair[1]}"),
    st.tuples(names, names).map(lambda pair: f"https://{pair[0]}.{pair[1]}.example/x?y={pair[1]}"),
    st.tuples(names, names).map(lambda pair: f"{pair[0]}.{pair[1]}.internal"),
    st.tuples(names, names).map(lambda pair: f"{pair[0]}@{pair[1]}.example"),
    st.tuples(st.sampled_from(["password", "user", "pwd", "api_key", "secret"]), names).map("=".join),
    st.tuples(st.sampled_from(["password", "token", "apikey"]), names).map(": ".join),
    st.tuples(names, names).map(lambda pair: json.dumps({pair[0]: pair[1]})),
    st.tuples(names, names).map(lambda pair: f"'{pair[0]} {pair[1]}'"),
    st.tuples(names, names).map(lambda pair: f'"{pair[0]} {pair[1]}"'),
    st.tuples(names, names).map(lambda pair: f"<{pair[0]}>{pair[1]}"),
    st.integers(10_000, 10**30).map(str),
)


def parts(secret: str) -> set[str]:
    """What must not be seen of it: everything but the word that says what it is."""
    said = {"bearer", "basic", "password", "token", "apikey", "user", "pwd", "secret"}
    bare = secret.replace("=", " ").replace(": ", " ").replace('"', " ").split()
    return {each.strip("'{}:") for each in bare if each.casefold().strip("'{}:") not in said} - {""}


@given(st.lists(words, max_size=12), secrets, st.lists(words, max_size=12))
def test_nothing_that_looks_like_a_secret_passes(before: list[str], secret: str, after: list[str]) -> None:
    """Tokens, credentials, addresses of hosts and people, pairs, quoted values, JSON and long numbers."""
    shown = vendor_text(" ".join([*before, secret, *after]))

    seen = set(shown.split())
    assert set() == {part for part in parts(secret) if part in seen and part not in {*before, *after}}, shown


@given(st.text(max_size=2_000))
def test_any_text_gives_a_short_printable_line(text: str) -> None:
    """Whatever a vendor sends."""
    shown = vendor_text(text)

    assert len(shown) <= LONGEST
    assert shown.isprintable()


@given(st.lists(names, min_size=1, max_size=5))
def test_what_the_request_held_is_not_repeated(values: list[str]) -> None:
    """Form data and names of people, in whatever place of it."""
    sent = json.dumps({"variables": {"a": [{"b": " ".join(values)}]}}).encode()
    shown = vendor_text(f"The value {' '.join(values)} does not fit the field", Answer(400, {}, b"", True, sent))

    kept = {"The", "value", "does", "not", "fit", "the", "field"}
    assert set() == {each for each in values if len(each) > 3 and each in set(shown.split()) - kept}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            (
                "Command 'COMPLETE' rejected with code 'INVALID_STATE': Expected to complete user task with key "
                "'2251799813685301', but it is in state 'COMPLETED'"
            ),
            (
                "Command COMPLETE rejected with code INVALID_STATE: Expected to complete user task with key … but it is in "
                "state COMPLETED"
            ),
        ),
        (
            "candidateGroups must not be null\n(max 4,000 characters)",
            "candidateGroups must not be null (max 4,000 characters)",
        ),
        ("ENGINE-03005 Execution of 'UPDATE Task' failed", "ENGINE-03005 Execution of … failed"),
        ("Die Aufgabe ist bereits für Müller abgeschlossen", "Die Aufgabe ist bereits für Müller abgeschlossen"),
        ("It doesn't work: the value 'it is' isn't allowed", "It doesn't work: the value … isn't allowed"),
        ("Bearer eyJhbGciOi.SECRETXYZ Basic ZGVtbzpkZW1v http://10.0.0.5:9200/index", ""),
        (None, ""),
    ],
)
def test_words_and_states_stay(text: str | None, shown: str) -> None:
    """So that a refusal still says why."""
    assert shown == vendor_text(text)


@pytest.mark.parametrize(
    ("code", "is_told"),
    [
        *(
            (code, True)
            for code in ("Bad Request", "INVALID_ARGUMENT", "1002", "PIMS-100042", "TaskAlreadyClaimedException")
        ),
        *(
            (code, False)
            for code in ("eyJhbGciOi", "gtk_abc", "a=b", "http://x", "x" * 80, "12345678901", "Basic ZGVtbzpkZW1v", "")
        ),
    ],
)
def test_a_code_is_a_name_or_a_number(code: str, *, is_told: bool) -> None:
    """Anything else may be more than a code."""
    assert (code if is_told else None) == vendor_code(code)


@pytest.mark.skipif(not CASES.exists(), reason="the recorded answers of vendors are not there")
def test_the_answers_of_vendors_that_leaked_once_leak_no_more() -> None:
    """Refusals that held credentials, addresses or form data."""
    for case in json.loads(CASES.read_text(encoding="utf-8"))["answers"]:
        body = case["body"]
        text = body.get("detail") or body["error"]["message"]

        assert [] == [each for each in PLANTED if each in vendor_text(text)]
