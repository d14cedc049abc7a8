"""A form while it is filled in: its data, what its conditions show, and what its expressions compute."""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any

from msgspec import Struct

from connectors.sdk.feel import NOT_EVALUATED, Context, FixedContext, evaluate, unary_test
from connectors.sdk.form_js.components import Component, is_expression, names_of
from connectors.sdk.form_js.data import put_in, take_out
from connectors.sdk.form_js.options import Options, options_of
from connectors.sdk.form_js.values import empty_value, opening_value
from connectors.sdk.forms import MISSING, DataPath, copied, is_same, value_at

# Expressions may depend on each other: so often their values are computed anew.
MOST_ROUNDS = 20
# In large forms less often: so many inputs are looked at in all rounds together.
MOST_COMPUTED = 100_000


class Visibility(Enum):
    SHOWN = auto()
    HIDDEN = auto()
    UNKNOWN = auto()
    """A condition is not evaluated."""


class Instance(Struct, frozen=True, kw_only=True):
    """An input in its place: one for each row of a list. `context` is what its expressions see."""

    component: Component
    path: DataPath
    visibility: Visibility
    context: Context

    @property
    def is_read_only(self) -> bool:
        """False where an expression decides that is not evaluated."""
        readonly = self.component.members.get("readonly")
        if isinstance(readonly, str) and is_expression(readonly):
            return unary_test(readonly[1:], self.context) is True
        return bool(readonly)


class _Scope:
    """What an expression sees in the form or in a row: `this`, `parent` and `i` besides the data."""

    def __init__(
        self,
        data: Mapping[str, object],
        this: object,
        parent: object = None,
        places: tuple[int, ...] = (),
        form: FixedContext | None = None,
    ) -> None:
        special: dict[str, object] = {"this": this, "i": list(places), "parent": parent}
        self.this = this
        self.places = places
        wrapped = {f"_{name}_": value for name, value in special.items()}
        self.context = FixedContext({**special, **data, **wrapped})
        self.context.within = form
        self.form = form or self.context
        """The context of the whole form."""


class FormState:
    """`initial` are the data that the form was opened with, `data` those that it has now. `hidden` are the groups with a
    path and the lists that conditions hide, `lists` all lists of rows.
    """

    def __init__(self, form: Component, held: Mapping[str, object]) -> None:
        self._form = form
        self._held = held
        self._own = frozenset(map(str, names_of(form)))
        self.data: dict[str, Any] = self._copied(held)
        self.hidden: set[DataPath] = set()
        self.lists: set[DataPath] = set()
        self._open(form, (), self.data)
        self.initial: dict[str, Any] = self._copied(self.data)

    def _copied(self, data: Mapping[str, object]) -> dict[str, Any]:
        """Data whose members can be changed as far as the form has fields in them."""
        return {name: copied(value) if name in self._own else value for name, value in data.items()}

    def settle(self, given: Mapping[DataPath, object]) -> list[Instance]:
        """Compute expressions and drop choices that are no option, until nothing changes. The inputs that result.

        A value of `given` stays where its expression is not evaluated. Expressions that are computed when the form is
        submitted are so at last: they change nothing that the form shows.
        """
        instances = self._settled(given)
        late = [(each, self._computed(each, given)) for each in instances if _is_late(each)]
        for instance, value in late:
            put_in(self.data, instance.path, value)
        return instances

    def _settled(self, given: Mapping[DataPath, object]) -> list[Instance]:
        instances = list(self.instances())
        expressions = sum(instance.component.type == "expression" for instance in instances)
        for _ in range(min(expressions + 2, MOST_ROUNDS, max(3, MOST_COMPUTED // (len(instances) or 1)))):
            if True not in [self._adapt(instance, given) for instance in instances]:
                return instances
            instances = list(self.instances())
        # Expressions that change each other without an end, or too many: what they compute is not known.
        for instance in instances:
            if instance.component.type == "expression":
                put_in(self.data, instance.path, given.get(instance.path, NOT_EVALUATED))
        return list(self.instances())

    def instances(self) -> Iterator[Instance]:
        """The inputs as the form renders them: with conditions over the data without what conditions hide."""
        shown = self._copied(self.data)
        self._hide(self._form, (), shown, _Scope(self.data, self.data), Visibility.SHOWN)
        seen = {**self.initial, **shown}
        self.hidden.clear()
        yield from self._rendered(self._form, (), seen, _Scope(seen, seen), Visibility.SHOWN)

    def add_row(self, component: Component, path: DataPath) -> None:
        """A row with the values that a new row has. A read-only value of a row that was there stays."""
        rows = value_at(self.data, path)
        place = len(rows) if isinstance(rows, list) else 0
        put_in(self.data, (*path, place), {})
        for child in component.children:
            self._open(child, (*path, place), {})
        for field, parts in _inputs_of_row(component):
            before = value_at(self.initial, (*path, place, *parts))
            if field.members.get("readonly") and before is not MISSING:
                put_in(self.data, (*path, place, *parts), before)

    def _open(self, component: Component, base: DataPath, source: Mapping[str, object]) -> None:
        path = (*base, *component.parts)
        value = value_at(source, path) if path else MISSING
        if component.is_input:
            default = component.members.get("defaultValue", MISSING)
            if value is not MISSING:
                value = opening_value(component, value, self._held)
            else:
                value = empty_value(component) if default is MISSING else copied(default)
            put_in(self.data, path, value)
            return
        if not component.is_list:
            for child in component.children:
                self._open(child, path, source)
            return
        if not isinstance(value, list):
            count = component.members.get("defaultRepetitions", 1)
            value = [{} for _ in range(min(count, 100) if isinstance(count, int) else 1)]
        self.lists.add(path)
        put_in(self.data, path, [row if isinstance(row, dict) else {} for row in copied(value)])
        for place in range(len(value)):
            for child in component.children:
                self._open(child, (*path, place), self.data if source is self.data else source)

    def _adapt(self, instance: Instance, given: Mapping[DataPath, object]) -> bool:
        """Whether the value has changed."""
        component, path = instance.component, instance.path
        if instance.visibility is Visibility.HIDDEN or component.is_disabled or instance.is_read_only:
            return False
        before = value_at(self.data, path)
        after = before
        if component.type == "expression":
            after = before if _is_late(instance) else self._computed(instance, given)
        elif component.is_single_choice or component.is_multiple_choice:
            options = options_of(component, self.initial, instance.context)
            if options is not None:
                after = _among(before, options, component)
        if after is before or (after is not NOT_EVALUATED and before is not NOT_EVALUATED and is_same(after, before)):
            return False
        put_in(self.data, path, after)
        return True

    def _computed(self, instance: Instance, given: Mapping[DataPath, object]) -> object:
        value = computed(instance.component, instance.context)
        is_left = value is NOT_EVALUATED and instance.path in given
        return value_at(self.data, instance.path) if is_left else value

    def _hide(
        self, component: Component, base: DataPath, shown: dict[str, Any], scope: _Scope, around: Visibility
    ) -> None:
        """Take out of `shown` what is hidden, and mark what may be hidden."""
        path = (*base, *component.parts)
        visibility = _visibility(component, around, scope.context)
        is_visible = visibility is Visibility.SHOWN
        if (component.is_input or component.is_list) and not is_visible:
            if visibility is Visibility.HIDDEN:
                take_out(shown, path, self.lists)
            else:
                put_in(shown, path, NOT_EVALUATED)
            return
        if not component.is_list:
            for child in component.children:
                self._hide(child, path, shown, scope, visibility)
            return
        for place, row in enumerate(_rows(self.data, path)):
            inner = _Scope(self.data, row, scope.this, (*scope.places, place + 1), scope.form)
            for child in component.children:
                self._hide(child, (*path, place), shown, inner, visibility)

    def _rendered(
        self, component: Component, base: DataPath, seen: Mapping[str, object], scope: _Scope, around: Visibility
    ) -> Iterator[Instance]:
        path = (*base, *component.parts)
        visibility = _visibility(component, around, scope.context)
        if component.is_input:
            yield Instance(component=component, path=path, visibility=visibility, context=scope.context)
            return
        if visibility is Visibility.HIDDEN and component.parts:
            self.hidden.add(path)
        if not component.is_list:
            for child in component.children:
                yield from self._rendered(child, path, seen, scope, visibility)
            return
        for place, row in enumerate(_rows(self.data, path)):
            outer = scope.this if isinstance(scope.this, Mapping) else {}
            parent = {**{name: scope.context[f"_{name}_"] for name in ("this", "i", "parent")}, **outer}
            inner = _Scope(seen, row, parent, (*scope.places, place + 1), scope.form)
            for child in component.children:
                yield from self._rendered(child, (*path, place), seen, inner, visibility)


def _is_late(instance: Instance) -> bool:
    """Whether it is an expression that is computed when the form is submitted."""
    component = instance.component
    is_late = component.type == "expression" and component.members.get("computeOn") == "presubmit"
    is_fixed = component.is_disabled or instance.is_read_only or instance.visibility is Visibility.HIDDEN
    return is_late and not is_fixed


def computed(component: Component, context: Context) -> object:
    expression = component.members.get("expression")
    if isinstance(expression, str) and is_expression(expression):
        return evaluate(expression[1:], context)
    return expression


def _visibility(component: Component, around: Visibility, context: Context) -> Visibility:
    """A component is hidden if one around it is. If a condition is not evaluated, that may be so."""
    if around is Visibility.HIDDEN or component.hide is None:
        return around
    holds = unary_test(component.hide[1:], context)
    if holds is True:
        return Visibility.HIDDEN
    return Visibility.UNKNOWN if holds is NOT_EVALUATED else around


def _among(value: object, options: Options, component: Component) -> object:
    """The value without what is no option."""
    if component.is_single_choice:
        return value if value in (None, "", 0, False) or value in options else None
    kept = [each for each in value if each in options] if isinstance(value, list) else []
    return value if isinstance(value, list) and len(kept) == len(value) else kept


def _rows(data: Mapping[str, object], path: DataPath) -> list[object]:
    rows = value_at(data, path)
    return rows if isinstance(rows, list) else []


def _inputs_of_row(component: Component, base: DataPath = ()) -> Iterator[tuple[Component, DataPath]]:
    """The inputs of a row with their paths in it, without those of lists in it."""
    for child in component.children:
        if child.is_input:
            yield child, (*base, *child.parts)
        elif not child.is_list:
            yield from _inputs_of_row(child, (*base, *child.parts))
