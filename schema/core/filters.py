"""Filter inputs that several lists use: ids, texts, times, subjects."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import strawberry

from connectors.sdk.query import Interval, TextMatch
from schema.core.arguments import given, source_key
from schema.core.context import Context
from schema.ports import SubjectMatch

T = TypeVar("T")

NOT_CONSIDERED = "Null or absent: not considered."


def both(found: frozenset[T] | None, more: Iterable[T]) -> frozenset[T]:
    """The intersection of two conditions; None means no condition."""
    return frozenset(more) if found is None else found.intersection(more)


@strawberry.input(description="Which ids; members combine by AND.")
class IdFilter:
    eq: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description=f"This one. {NOT_CONSIDERED}")
    in_: list[strawberry.ID] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description=f"One of these; an empty list matches nothing. {NOT_CONSIDERED}",
    )
    is_null: bool | None = strawberry.field(
        default=strawberry.UNSET, description=f"True: has none. False: has one. {NOT_CONSIDERED}"
    )

    def texts(self) -> frozenset[str] | None:
        """The global ids in `eq` and `in`, as sent. None if neither is given."""
        found: frozenset[str] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {one})
        if (several := given(self.in_)) is not None:
            found = both(found, several)
        return found

    def source_keys(self, field: Sequence[str], context: Context) -> frozenset[str] | None:
        """Keys of the sources in `eq` and `in`. Every object has a source, so `isNull: true` matches nothing."""
        found: frozenset[str] | None = None
        if (one := given(self.eq)) is not None:
            found = both(found, {source_key(one, (*field, "eq"), context)})
        if (several := given(self.in_)) is not None:
            found = both(found, {source_key(text, (*field, "in"), context) for text in several})
        return frozenset() if given(self.is_null) else found


@strawberry.input(description="Which texts; members combine by AND.")
class StringFilter:
    eq: str | None = strawberry.field(default=strawberry.UNSET, description=f"Exactly this. {NOT_CONSIDERED}")
    in_: list[str] | None = strawberry.field(
        name="in",
        default=strawberry.UNSET,
        description=f"Exactly one of these; an empty list matches nothing. {NOT_CONSIDERED}",
    )
    contains: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Holds this, case and accents ignored. {NOT_CONSIDERED}"
    )
    starts_with: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Begins with this, case and accents ignored. {NOT_CONSIDERED}"
    )
    is_null: bool | None = strawberry.field(
        default=strawberry.UNSET, description=f"True: there is none. False: there is one. {NOT_CONSIDERED}"
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
        """`contains`, `startsWith` and `isNull`. None if none of them is given."""
        match = TextMatch(
            contains=given(self.contains), starts_with=given(self.starts_with), is_null=given(self.is_null)
        )
        return None if match == TextMatch() else match


@strawberry.input(description="Which times; members combine by AND.")
class DateTimeFilter:
    lt: datetime | None = strawberry.field(default=strawberry.UNSET, description=f"Before this. {NOT_CONSIDERED}")
    lte: datetime | None = strawberry.field(
        default=strawberry.UNSET, description=f"Before this, or at it. {NOT_CONSIDERED}"
    )
    gt: datetime | None = strawberry.field(default=strawberry.UNSET, description=f"After this. {NOT_CONSIDERED}")
    gte: datetime | None = strawberry.field(
        default=strawberry.UNSET, description=f"After this, or at it. {NOT_CONSIDERED}"
    )
    is_null: bool | None = strawberry.field(
        default=strawberry.UNSET, description=f"True: there is none. False: there is one. {NOT_CONSIDERED}"
    )

    def interval(self) -> Interval | None:
        """The bounds. None if no bound is given."""
        interval = Interval(lt=given(self.lt), lte=given(self.lte), gt=given(self.gt), gte=given(self.gte))
        return None if interval == Interval() else interval


@strawberry.input(description="Which subject; some one subject must fit all members.")
class SubjectFilter:
    type: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"The source's word for the kind of object. {NOT_CONSIDERED}"
    )
    id: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"The source's id of the object. {NOT_CONSIDERED}"
    )
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Part of its name, case and accents ignored. {NOT_CONSIDERED}"
    )

    def match(self) -> SubjectMatch | None:
        """None if no member is given."""
        match = SubjectMatch(type=given(self.type), native_id=given(self.id), label=given(self.label))
        return None if match == SubjectMatch() else match
