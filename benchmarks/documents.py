"""What a request costs: `python benchmarks/documents.py`.

First the CPU time of a document before it is executed. Every document is at most 32 kB. For each it prints the bytes, the milliseconds of process time (the best of a few runs
of parsing, limits and validation; no result of an earlier run is kept) and the outcome. The goal is 20 ms for every
document. The first line is an ordinary query, for comparison with other machines.

Then the CPU time of requests of at most 256 kB with hostile values, from the body to the answer, over 2,000 tasks of five
sources that are cached (`benchmarks/document_parts`). The goal is 100 ms for every request, measured or, where other processes
use the same core, by comparison with a fixed piece of work beside each run.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from graphql import GraphQLError, Lexer, Source, TokenKind, get_introspection_query, parse

from benchmarks.document_parts import hostile_values
from schema.api import build_schema
from schema.core.limits import DocumentLimits
from schema.execution import shape
from schema.execution.documents import DocumentError, Documents

LARGEST = 32 * 1024
GOAL_MS = 20.0
LIMITS = DocumentLimits()

HONEST = """
query Inbox($first: Int = 25, $after: String) {
  viewer {
    inbox(first: $first, after: $after, filter: {isOpen: true}, orderBy: [{field: DUE_AT, direction: ASC}]) {
      totalCount
      nodes { id title state dueAt priority assignee { displayName } flow { id name } source { name status } ...Due }
      pageInfo { hasNextPage endCursor }
      sources { source { name } status count truncated error { code message } }
    }
  }
}
fragment Due on Task { dueAt isOverdue candidateGroups { name } }
"""


FLOW = '{ flow(id: "x") '

REPEATED = {
    "aliases": ("{ ", "a#: __typename ", "}"),
    "aliases of an object": ("{ ", "a#: sources { name } ", "}"),
    "one field again and again": ("{ ", "__typename ", "}"),
    "one alias, rival fields below": (FLOW + "{ ", "a: parent { a: id b: name } ", "} }"),
    "unknown fields": ("{ ", "titel# ", "}"),
    "unknown fields close to known ones": ("{ tasks { nodes { ", "candidateGroup# ", "} } }"),
    "unknown long fields": ("{ tasks { nodes { ", "candidateGroups" * 8 + "# ", "} } }"),
    "unknown arguments": ("{ tasks(", "firs#: 1 ", ") { totalCount } }"),
    "unknown types": ("{ ", "... on Tas# { id } ", "}"),
    "unknown directives": ("{ __typename ", "@includ# ", "}"),
    "known directives": ("{ __typename ", "@include(if: true) ", "}"),
    "directives on every field": ("{ ", "__typename @skip(if: false) ", "}"),
    "unknown enum values": ("{ tasks(filter: {state: {in: [", "READ# ", "]}}) { totalCount } }"),
    "unknown input fields": ("{ tasks(filter: {", "stat#: 1 ", "}) { totalCount } }"),
    "same input field again": ("{ tasks(filter: {", "state: {eq: READY} ", "}) { totalCount } }"),
    "wrong values in a list": ("{ tasks(filter: {source: {in: [", "{a: #} ", "]}}) { totalCount } }"),
    "fragments of one name": (f"{FLOW}{{ ...F }} }} ", "fragment F on Flow { id } ", ""),
    "one fragment spread again and again": (FLOW + "{ ", "...F ", "} } fragment F on Flow { id }"),
    "spreads of unknown fragments": (FLOW + "{ ", "...F# ", "} }"),
    "fragments in a circle": (f"{FLOW}{{ ...F0 }} }} ", "fragment F# on Flow { ...F0 ...F# } ", ""),
    "operations": ("", "query Q# { __typename } ", ""),
    "operations of one name": ("", "query Q { __typename } ", ""),
    "operations without a name": ("", "{ __typename } ", ""),
    "operations over one fragment": ("fragment F on Query { __typename } ", "query Q# { ...F } ", ""),
    "unused variables": ("query (", "$v#: Int ", ") { __typename }"),
    "variables of one name": ("query (", "$v: Int ", ") { __typename }"),
    "variables of unknown types": ("query (", "$v#: In# ", ") { __typename }"),
    "undefined variables": ("{ tasks(filter: {source: {in: [", "$v# ", "]}}) { totalCount } }"),
    "types, not operations": ("", "type T# { a: Int } ", ""),
    "unused fragments": (f"{FLOW}{{ id }} }} ", "fragment F# on Flow { id } ", ""),
    "rivals in fragments": (
        f"{FLOW}{{ ...F0 ...F1 ...F2 ...F3 ...F4 ...F5 ...F6 ...F7 }} }} ",
        "fragment F# on Flow { a: parent { a: id } a: root { a: name } } ",
        "",
    ),
}
"""Start, a piece that is repeated with a number in place of `#`, and end. Each is tried at three sizes: 32 kB, the largest
that the parser reads, and the largest that the limits allow to be validated."""


def filled(start: str, piece: str, end: str, fits: Callable[[str], bool]) -> str:
    """The text with about as many pieces as fit (fifteen sixteenths or more), found by doubling and then by bisection."""

    def text(count: int) -> str:
        return start + "".join(piece.replace("#", str(n)) for n in range(count)) + end

    refused = 1
    while fits(text(refused)):
        refused *= 2
    served = refused // 2
    while refused - served > max(1, served // 16):
        count = (served + refused) // 2
        if fits(text(count)):
            served = count
        else:
            refused = count
    return text(served)


def is_small_enough(text: str) -> bool:
    return len(text.encode()) <= LARGEST


def is_read(text: str) -> bool:
    """Whether the parser reads the whole text."""
    lexer = Lexer(Source(text))
    tokens = range(LIMITS.tokens)
    return is_small_enough(text) and any(lexer.advance().kind is TokenKind.EOF for _ in tokens)


def is_validated(text: str) -> bool:
    """Whether the text reaches validation."""
    if not is_read(text):
        return False
    try:
        return not list(shape.excesses(parse(text), LIMITS))
    except GraphQLError:
        return False


def nested(opening: str, inside: str, closing: str, start: str = "", end: str = "", levels: int | None = None) -> str:
    """Nested as deeply as 32 kB allow, or `levels` deep."""
    room = (LARGEST - len(start + inside + end)) // len(opening + closing)
    levels = room if levels is None else min(levels, room)
    return start + opening * levels + inside + closing * levels + end


def doubling(levels: int, spread: str) -> str:
    """Fragments that each spread the next one twice: 2^levels fields."""
    chain = "".join(f"fragment F{n} on Flow {{ {spread.replace('#', f'F{n + 1}')} }} " for n in range(levels))
    return '{ flow(id: "x") { ...F0 } } ' + chain + f"fragment F{levels} on Flow {{ id }}"


def corpus() -> dict[str, Callable[[], str]]:
    """The documents by their purpose. A call makes the text: for some that takes longer than the document may cost."""
    rivals = " ".join(f"a: task(id: {n}) {{ id }}" for n in range(240))
    documents = {
        "honest inbox": HONEST,
        "introspection of the tools": get_introspection_query(),
        "introspection eight times": "{ "
        + " ".join(f"i{n}: __schema {{ types {{ fields {{ type {{ ofType {{ name }} }} }} }} }}" for n in range(8))
        + " }",
        "nothing but a brace": "{",
        "one alias, rival arguments": "{ " + rivals + " }",
        "rivals under one field, nested": nested("a: parent { b: id ", "id", " } a: root { id }", FLOW + "{ ", " } }"),
        "fields nested": nested("{ parent ", "{ id }", " }", FLOW, " }"),
        "fields nested a little": nested("{ parent ", "{ id }", " }", FLOW, " }", 60),
        "inline fragments nested": nested("{ ... ", "{ id }", " }"),
        "lists nested": nested("[", "", "]", "{ tasks(orderBy: ", ") { totalCount } }"),
        "objects nested": nested("{not: ", "{}", "}", "{ tasks(filter: ", ") { totalCount } }"),
        "list types nested": nested("[", "ID", "]", "query ($a: ", ") { __typename }"),
        "a number of 30,000 digits": "{ tasks(first: " + "9" * 30_000 + ") { totalCount } }",
        "a fraction of 30,000 digits": "{ tasks(first: 1." + "9" * 30_000 + ") { totalCount } }",
        "a text of 30,000 letters": '{ task(id: "' + "x" * 30_000 + '") { id } }',
        "a text of escapes": '{ task(id: "' + "\\u00e4" * 5_000 + '") { id } }',
        "a block text of lines": '{ task(id: """' + " \n" * 15_000 + '""") { id } }',
        "a comment": "#" + "x" * 30_000 + "\n{ __typename }",
        "comments": "#x\n" * 10_000 + "{ __typename }",
        "commas": "{" + "," * 30_000 + "__typename }",
        "fragments in a row": chain(300),
        "fragments that double, by field": doubling(38, "a: parent { ...# } b: root { ...# }"),
        "fragments that double": doubling(60, "...# ...#"),
        "fragments that double, inline": doubling(50, "... on Flow { ...# } ... { ...# }"),
        "every fragment spreads every later one": everyone(40),
        "operations over rich fragments": rich(30, 30),
        "variables in fragments in operations": everywhere(25, 25),
    }
    generator = random.Random(7)
    words = [
        "{",
        "}",
        "(",
        ")",
        "...",
        "on",
        "Task",
        "tasks",
        "nodes",
        ":",
        "@",
        "$a",
        "[",
        "]",
        '"',
        "#",
        "\n",
        "1",
        "!",
    ]
    for number in range(3):
        documents[f"noise {number}"] = " ".join(generator.choice(words) for _ in range(10_000))[:LARGEST]
    made: dict[str, Callable[[], str]] = {name: partial(str, text) for name, text in documents.items()}
    for name, (start, piece, end) in REPEATED.items():
        made[f"{name}, 32 kB"] = partial(filled, start, piece, end, is_small_enough)
        made[f"{name}, all tokens"] = partial(filled, start, piece, end, is_read)
        made[name] = partial(filled, start, piece, end, is_validated)
    return made


def chain(length: int) -> str:
    links = "".join(f"fragment F{n} on Flow {{ parent {{ ...F{n + 1} }} }} " for n in range(length))
    return '{ flow(id: "x") { ...F0 } } ' + links + f"fragment F{length} on Flow {{ id }}"


def everyone(count: int) -> str:
    fragments = (
        f"fragment F{n} on Flow {{ id {' '.join(f'...F{m}' for m in range(n + 1, count))} }} " for n in range(count)
    )
    return '{ flow(id: "x") { ...F0 } } ' + "".join(fragments)


def rich(operations: int, fields: int) -> str:
    fragment = "fragment F on Flow { " + " ".join(f"a{n}: parent {{ id }}" for n in range(fields)) + " } "
    return fragment + "".join(f'query Q{n} {{ flow(id: "x") {{ ...F }} }} ' for n in range(operations))


def everywhere(operations: int, fragments: int) -> str:
    spreads = " ".join(f"...F{n}" for n in range(fragments))
    defined = "".join(f"fragment F{n} on Query {{ t{n}: task(id: $v{n}) {{ id }} }} " for n in range(fragments))
    variables = " ".join(f"$v{n}: ID!" for n in range(fragments))
    return defined + "".join(f"query Q{n}({variables}) {{ {spreads} }} " for n in range(operations))


def outcome(text: str) -> str:
    documents = Documents(build_schema()._schema, LIMITS)  # noqa: SLF001
    try:
        documents.operation(documents.read(text), None, None)
    except DocumentError as error:
        return f"{error.code}, {len(error.errors)} errors"
    return "accepted"


def measured(runs: int, only: str) -> Iterator[tuple[str, int, float, str]]:
    """Name, bytes, milliseconds and outcome of every document."""
    for name, make in corpus().items():
        if only not in name:
            continue
        text = make()
        assert is_small_enough(text), name
        times = []
        what = ""
        for _ in range(runs):
            began = time.process_time()
            what = outcome(text)
            times.append((time.process_time() - began) * 1000)
        yield name, len(text.encode()), min(times), what


def main() -> int:
    parser = argparse.ArgumentParser(description="CPU that one document costs before anything of it runs.")
    parser.add_argument("--runs", type=int, default=5, help="of each document; the best counts")
    parser.add_argument("--only", default="", metavar="TEXT", help="documents whose name contains TEXT")
    given = parser.parse_args()
    slow = 0
    build_schema()
    for name, size, milliseconds, what in measured(given.runs, given.only):
        slow += milliseconds > GOAL_MS
        print(f"{name:40} {size:6} bytes {milliseconds:8.2f} ms{' !' if milliseconds > GOAL_MS else '  '} {what}")
    print(f"{slow} of the documents cost more than {GOAL_MS:.0f} ms\n")
    costly = 0
    requests, at_best = hostile_values.measured(given.runs, given.only)
    for each in requests:
        idle = each.ratio * at_best
        is_costly = min(idle, each.milliseconds) > hostile_values.GOAL_MS
        costly += is_costly
        cost = f"{each.milliseconds:8.2f} ms, idle about {idle:8.2f} ms{' !' if is_costly else '  '}"
        print(f"{each.name:40} {each.size:6} bytes {cost} {each.outcome}")
    print(f"The reference takes {at_best:.2f} ms at best.")
    print(f"{costly} of the requests cost more than {hostile_values.GOAL_MS:.0f} ms")
    return min(slow + costly, 1)


if __name__ == "__main__":
    sys.exit(main())
