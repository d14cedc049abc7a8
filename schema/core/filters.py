"""Filter inputs that several lists use: ids, texts, times, subjects."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import strawberry

from connectors.sdk.query import Interval
from connectors.sdk.row_test import TextMatch
from schema.core.arguments import given, source_key
from schema.core.context import Context
from schema.ports import SubjectMatch

T = TypeVar("T")

COMPARED = "Case, accents and compatible forms are ignored; a run of spaces and line breaks is one space."


def both(found: frozenset[T] | None, more: Iterable[T]) -> frozenset[T]:
    """The intersection of two conditions; None means no condition."""
    return frozenset(more) if found is None else found.intersection(more)


@strawberry.input(
    description="Condition on an id. Members combine by AND. A member that is null or absent is no condition."
)
class IdFilter:
    eq: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Equal to this id.")
    in_: list[strawberry.ID] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description="One of these ids. An empty list matches nothing.",
    )
    not_in: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description="None of these ids; objects without a value match. An empty list is no condition.",
    )
    is_null: bool | None = strawberry.field(
        default=strawberry.UNSET, description="True: there is no value. False: there is a value."
    )

    def texts(self) -> frozenset[str] | None:
        """The global ids in `eq` and `in`, as sent. None if neither is given; for `notIn` see the lists."""
        found: frozenset[str] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {one})
        if (several := given(self.in_)) is not None:
            found = both(found, several)
        return found

    def source_keys(self, field: Sequence[str], context: Context) -> frozenset[str] | None:
        """Keys of the sources that match. Every object has a source, so `isNull: true` matches nothing."""
        found: frozenset[str] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {source_key(one, (*field, "eq"), context)})
        if (several := given(self.in_)) is not None:
            found = both(found, {source_key(text, (*field, "in"), context) for text in several})
        if others := given(self.not_in):
            excluded = {source_key(text, (*field, "notIn"), context) for text in others}
            found = both(found, frozenset(context.sources) - excluded)
        if given(self.is_null) is False:
            # Every object has one. It is a condition all the same: `not` turns it into none of them.
            found = both(found, frozenset(context.sources))
        return frozenset() if given(self.is_null) else found


@strawberry.input(
    description="Condition on a text. Members combine by AND. A member that is null or absent is no condition."
)
class StringFilter:
    eq: str | None = strawberry.field(default=strawberry.UNSET, description="Equal to this text, letter by letter.")
    in_: list[str] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description="Equal to one of these texts. An empty list matches nothing.",
    )
    not_in: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Equal to none of these texts; objects without a value match. An empty list is no condition.",
    )
    contains: str | None = strawberry.field(default=strawberry.UNSET, description=f"Contains this text. {COMPARED}")
    starts_with: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Starts with this text. {COMPARED}"
    )
    is_null: bool | None = strawberry.field(
        default=strawberry.UNSET, description="True: there is no value. False: there is a value."
    )

    def values(self) -> frozenset[str] | None:
        """The texts in `eq` and `in`. None if neither is given."""
        found: frozenset[str] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {one})
        if (several := given(self.in_)) is not None:
            found = both(found, several)
        return found

    def match(self) -> TextMatch | None:
        """`contains`, `startsWith`, `notIn` and `isNull`. None if none of them is given."""
        match = TextMatch(
            contains=given(self.contains),
            starts_with=given(self.starts_with),
            not_in=frozenset(given(self.not_in) or ()) or None,
            is_null=given(self.is_null),
        )
        return None if match == TextMatch() else match


@strawberry.input(
    description="Condition on a time. Members combine by AND. A member that is null or absent is no condition."
)
class DateTimeFilter:
    lt: datetime | None = strawberry.field(default=strawberry.UNSET, description="Before this time.")
    lte: datetime | None = strawberry.field(default=strawberry.UNSET, description="Before or at this time.")
    gt: datetime | None = strawberry.field(default=strawberry.UNSET, description="After this time.")
    gte: datetime | None = strawberry.field(default=strawberry.UNSET, description="After or at this time.")
    is_null: bool | None = strawberry.field(
        default=strawberry.UNSET, description="True: there is no value. False: there is a value."
    )

    def interval(self) -> Interval | None:
        """The bounds. None if no bound is given."""
        interval = Interval(lt=given(self.lt), lte=given(self.lte), gt=given(self.gt), gte=given(self.gte))
        return None if interval == Interval() else interval


@strawberry.input(
    description="Condition on subjects: one subject must match all members. A member that is null or absent is no condition."
)
class SubjectFilter:
    type: str | None = strawberry.field(
        default=strawberry.UNSET, description="Type of the subject, as the source names it."
    )
    id: str | None = strawberry.field(default=strawberry.UNSET, description="Native id of the subject.")
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Contained in the subject's name. {COMPARED}"
    )

    def match(self) -> SubjectMatch | None:
        """None if no member is given."""
        match = SubjectMatch(type=given(self.type), native_id=given(self.id), label=given(self.label))
        return None if match == SubjectMatch() else match
