"""What was told against what was done."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from msgspec import Struct

from benchmarks.write_parts.world import CREATED, OWNER, World, Written


class Verdict(Struct):
    """The writes of one verb, and what is wrong about them: APPLIED without effect, and effects without APPLIED.

    `wrong` tells each target for which something is.
    """

    writes: list[Written] = []
    effects: int = 0
    lies: int = 0
    more: int = 0
    wrong: list[str] = []


async def verdicts(world: World, urls: Mapping[str, str]) -> list[tuple[str, str, Verdict]]:
    """By vendor and verb. Writes are compared with effects by target and name of effect."""
    found: list[tuple[str, str, Verdict]] = []
    for vendor in urls:
        done: Counter[tuple[str, str]] = Counter()
        seen: defaultdict[str, list[str]] = defaultdict(list)
        for effect in await world.effects(vendor):
            target = "" if effect["action"] in CREATED else effect["task"]
            done[target, effect["action"]] += 1
            seen[target].append(f"{effect['at']} {effect['action']}")
        groups: defaultdict[tuple[str, frozenset[str]], list[Written]] = defaultdict(list)
        for one in world.written:
            if one.vendor == vendor:
                groups[one.target, one.effects].append(one)
        rows: defaultdict[str, Verdict] = defaultdict(Verdict)
        taken_over = {one.target for one in world.written if one.vendor == vendor and one.verb == "COMPLETE"}
        for (target, names), written in groups.items():
            left = sum(done[target, name] for name in names)
            wrong_before = sum(row.lies + row.more for row in rows.values())
            # The effects are those of the writes that were APPLIED, then of those that may have been.
            for one in sorted(written, key=lambda one: ("APPLIED", "PENDING", "UNKNOWN", "REJECTED").index(one.status)):
                row = rows[one.verb]
                row.writes.append(one)
                if one.status == "APPLIED":
                    row.lies += not left
                if one.status != "REJECTED" and left:
                    row.effects, left = row.effects + 1, left - 1
            # A vendor's completion may take the task over first.
            if left and not (names == OWNER and target in taken_over):
                last = rows[written[-1].verb]
                last.effects, last.more = last.effects + left, last.more + left
            if sum(row.lies + row.more for row in rows.values()) > wrong_before:
                told = [_told(one) for one in world.written if one.target == target]
                rows[written[-1].verb].wrong.append("\n    ".join([f"{vendor} {target}", *told, *seen[target]]))
        found += [(vendor, verb, one) for verb, one in sorted(rows.items())]
    return found


def _told(one: Written) -> str:
    notes = [*one.codes, *(["sent again"] if one.resent else []), *(["was unclear"] if one.was_open else [])]
    return f"{one.at} {one.verb} {one.status} after {one.seconds or 0.0:.1f} s {one.operation} {', '.join(notes)}"


def row(vendor: str, verb: str, verdict: Verdict) -> str:
    told = Counter(one.status for one in verdict.writes)
    opened = [one for one in verdict.writes if one.was_open]
    seconds = sorted(one.seconds or 0.0 for one in opened if one.is_settled)
    cells = (
        len(verdict.writes),
        verdict.effects,
        told["APPLIED"],
        told["REJECTED"],
        verdict.lies,
        verdict.more,
        len(opened),
        sum(one.is_settled and one.status != "UNKNOWN" for one in opened),
        sum(one.is_settled and one.status == "UNKNOWN" for one in opened),
        sum(one.is_late for one in opened),
        sum(not one.is_settled for one in opened),
    )
    times = f"{seconds[len(seconds) // 2]:6.1f}{seconds[-1]:7.1f}" if seconds else f"{'-':>6}{'-':>7}"
    return f"{vendor:12}{verb:17}" + "".join(f"{cell:>8}" for cell in cells) + times


HEAD = ("writes", "effects", "applied", "refused", "lies", "more", "unclear", "proved", "unres.", "late", "open")
