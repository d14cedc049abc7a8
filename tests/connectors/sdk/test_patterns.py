"""Patterns in JavaScript's syntax. What is expected is what Node.js says of the same pattern and text."""

import time

import pytest

from connectors.sdk.forms.patterns import matches

# Texts that match, and texts that do not.
PATTERNS: dict[str, tuple[list[str], list[str]]] = {
    r"^[\w-]+\.[\w-]{2,}$": (["a.de", "a-b.c_d"], ["a.d", "ä.de"]),
    r"^\p{L}+$": (["p{L}"], ["abc", "pL"]),
    r"^.{5,2000}$": (["abcdef", "a" * 2000], ["abc", "a" * 2001, "abcd\nef"]),
    r"^\d{3,1001}$": (["123"], ["12", "1" * 1002]),
    r"(?:a{1000}){3}": (["a" * 3000], ["a" * 2999]),
    r"^(?:\w{40}){30,}$": (["w" * 1200], ["w" * 1199]),
    r"^\s*$": (["", " \t", "\u00a0", "\u3000"], ["x"]),
    r"^[^\S\n]+$": ([" \t"], ["\n", "x"]),
    r"^[^]+$": (["a\nb"], [""]),
    r"[]": ([], ["", "a"]),
    r"^.$": (["a", "ä"], ["", "😀", "\u2028"]),
    r"^..$": (["😀", "ab"], ["a"]),
    r"[😀]": (["😀"], ["a"]),
    r"^[^😀]$": (["a"], ["😀"]),
    r"\ud83d\ude00": (["😀"], ["a"]),
    r"^\u00e4\x41\0?$": (["äA", "äA\x00"], ["aA"]),
    r"^a{$": (["a{"], ["a"]),
    r"^x{,3}$": (["x{,3}"], ["xx"]),
    r"^[a-\d]$": (["a", "-", "5"], ["b"]),
    r"^[a-z&&[^b]]$": (["c&]", "&]"][1:], ["a", "c"]),
    r"^[[:alpha:]]+$": (["a:]", ":]"][1:], ["abc"]),
    r"^\Q.\E$": (["Q.E"], ["."]),
    r"\Aa": (["Aa"], ["a"]),
    r"^\ca$": (["\x01"], ["a"]),
    r"^[\b]$": (["\b"], ["b"]),
    r"^(?<year>\d{4})-(\d{2})$": (["2026-01"], ["26-01"]),
    r"^\07$": (["\x07"], ["7", "07"]),
    r"^(?!00)\d{5}$": (["01234"], ["00123"]),
    r"^(?=.*[A-Z])(?=.*\d).{8,}$": (["Abcdefg1"], ["abcdefg1", "Abc1"]),
    r"(?=.*[A-Z])(?=.*\d).{8,}": (["x Abcdefg1"], ["abcdefg1", "Abcdefg"]),
    r"^(?:(?!00)\d{2}|x)$": (["01", "x"], ["00", "01x"]),
    r"^.*(?<=\.com)$": (["a.com"], ["a.de"]),
    r"^.*(?<!x)$": (["ab", ""], ["ax"]),
    r"(?<=EUR )\d+": (["EUR 5"], ["5 EUR"]),
    r"\d+(?= EUR)": (["5 EUR"], ["EUR 5"]),
    r"\bfoo\b": (["a foo b"], ["afoo"]),
    r"a|^b$": (["xa", "b"], ["bx"]),
    r"^-?\d+(?:[.,]\d{1,2})?$": (["-3.5", "7"], ["3.555", "+3"]),
}
# They refer back, or look around inside.
NOT_MATCHED = [
    r"(\w)\1", r"(?<a>x)\k<a>", r"^((?!foo).)*$", r"a(?=b)b", r"\d+(?! EUR)", r"(?<![a-z])\d", r"(?=\bfoo)foo",
]  # fmt: skip
# JavaScript takes none of them.
NO_PATTERNS = ["[", "(", ")", "a**", "*a", "a{2,1}", "^*", "(?i)a", "a++", "[b-a]", "\\"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_what_it_matches_in_javascript(pattern: str) -> None:
    """Letters beyond 16 bits are two, classes are those of JavaScript, and what is no escape is a letter."""
    yes, no = PATTERNS[pattern]

    assert [] == [text for text in yes if matches(pattern, text) is not True]
    assert [] == [text for text in no if matches(pattern, text) is not False]


@pytest.mark.parametrize("pattern", [*NOT_MATCHED, *NO_PATTERNS, "a" * 6000, "(" * 60 + ")" * 60, "(?:a{20}){2000}"])
def test_other_patterns_are_left_to_the_vendor(pattern: str) -> None:
    """Nothing is guessed."""
    assert matches(pattern, "a") is None


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(.*a){20}b$", "(?=.*b)(a+)+c"])
def test_a_pattern_costs_time_by_the_length_of_the_text_only(pattern: str) -> None:
    started = time.process_time()
    matches(pattern, "a" * 900 + "!")

    assert time.process_time() - started < 1
