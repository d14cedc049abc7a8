"""Judges the data of a completion as form-js would: what is wrong, and what the form would submit."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any

from connectors.sdk.feel import NOT_EVALUATED, equals
from connectors.sdk.form_js.components import Component, components_of, inputs_of, is_expression, names_of
from connectors.sdk.form_js.data import nested_data, put_in, shape, take_out
from connectors.sdk.form_js.options import Options, options_of
from connectors.sdk.form_js.rules import LIMITS, broken_rules, lacks, limit_of
from connectors.sdk.form_js.state import FormState, Instance, Visibility
from connectors.sdk.form_js.values import FILE_RULE, WrongValueError, entered_value, opening_value
from connectors.sdk.forms import MISSING, DataPath, copied, is_same, text_of, value_at
from connectors.sdk.model import FormFault, FormJudgement

# Options that a message names at most.
MOST_NAMED = 10


def judge_form(
    schema: object, data: Mapping[str, object], held: Mapping[str, object] | None, *, is_draft: bool, today: date
) -> FormJudgement:
    """`held` are the variables of the process. What was not given stays as the process has it and is not sent.

    An object is sent whole, since it replaces the one of the process: fields of it that were not given keep their value.
    Unknown keys are sent, hidden and disabled fields are not.
    """
    nested, faults = nested_data(data)
    form = components_of(schema)
    if not any(inputs_of(form)):
        return FormJudgement(data=nested, faults=tuple(faults))
    if held is None and _depends_on_held(form, nested):
        return FormJudgement(data=nested, faults=tuple(faults), depends_on_held=True)
    judge = _Judge(form, nested, held or {}, today)
    faults += judge.faults(is_draft=is_draft)
    return FormJudgement(data=judge.sent(), faults=tuple(faults), unevaluated=tuple(judge.unevaluated()))


def _depends_on_held(component: Component, around: object) -> bool:
    """Whether the process could change the judgement: by what was not given, or by an expression."""
    if component.hide is not None or component.members.get("readonly") or "valuesKey" in component.members:
        return True
    if is_expression(component.members.get("valuesExpression")) or any(map(is_expression, component.rules.values())):
        return True
    value = value_at(around, component.parts)
    if component.is_input:
        return component.type == "expression" or (value is MISSING and not component.is_disabled)
    if component.is_list:
        if not isinstance(value, list) or not component.members.get("allowAddRemove", True):
            return True
        # A row that was not given is as empty in the process.
        inner = {**dict.fromkeys((str(child.parts[0]) for child in component.children if child.parts), None)}
        return any(_depends_on_held(child, inner) for child in component.children)
    return any(_depends_on_held(child, value) for child in component.children)


class _Judge:
    def __init__(self, form: Component, nested: dict[str, Any], held: Mapping[str, object], today: date) -> None:
        self._nested = nested
        self._held = held
        self._today = today
        self._given: dict[DataPath, object] = {}
        """The values as the form would submit them, or as they are if it could not."""
        self._wrong: dict[DataPath, str] = {}
        self._lists: set[DataPath] = set()
        self._shapes: list[FormFault] = []
        self._state = FormState(form, held)
        self._fill(form, nested, ())
        self._instances = self._state.settle(self._given)

    # What was given

    def _fill(self, component: Component, around: object, base: DataPath) -> None:
        path = (*base, *component.parts)
        value = value_at(around, component.parts)
        if value is MISSING:
            return
        if component.is_input:
            self._enter(component, path, value)
        elif component.is_list:
            self._fill_rows(component, path, value)
        elif isinstance(value, Mapping) or (isinstance(value, list) and any(map(_is_place, names_of(component)))):
            for child in component.children:
                self._fill(child, value, path)
        elif any(inputs_of(component)):
            self._shapes.append(FormFault(path=path, rule="takes an object", label=component.label))

    def _enter(self, component: Component, path: DataPath, value: object) -> None:
        if component.is_disabled:
            return
        try:
            entered = self._given[path] = entered_value(component, value, today=self._today)
        except WrongValueError as error:
            self._given[path] = value
            self._wrong[path] = str(error)
            entered = opening_value(component, value, self._held)
        if component.members.get("readonly") is not True:
            is_choice = component.is_single_choice or component.is_multiple_choice
            # The form drops a choice that is no option, and goes on with what is left.
            put_in(self._state.data, path, opening_value(component, entered, self._held) if is_choice else entered)

    def _fill_rows(self, component: Component, path: DataPath, value: object) -> None:
        if value is None:
            value = []
        if not isinstance(value, list):
            self._shapes.append(FormFault(path=path, rule="takes a list of rows", label=component.label))
            return
        before = value_at(self._state.data, path)
        if not component.members.get("allowAddRemove", True) and isinstance(before, list) and len(before) != len(value):
            self._shapes.append(FormFault(path=path, rule=f"takes {len(before)} rows", label=component.label))
        self._lists.add(path)
        put_in(self._state.data, path, [])
        for place, row in enumerate(value):
            self._state.add_row(component, path)
            if not isinstance(row, Mapping):
                rule = "takes an object with the fields of a row"
                self._shapes.append(FormFault(path=(*path, place), rule=rule, label=component.label))
                continue
            for child in component.children:
                self._fill(child, row, (*path, place))

    # What is wrong

    def faults(self, *, is_draft: bool) -> Iterator[FormFault]:
        yield from (fault for fault in self._shapes if not self._is_hidden(fault.path))
        shapes = {fault.path for fault in self._shapes}
        for instance in self._instances:
            if instance.visibility is Visibility.HIDDEN or instance.component.is_disabled:
                continue
            if shapes and _is_within(instance.path, shapes):
                continue
            for rule in self._rules(instance, is_draft=is_draft):
                yield FormFault(path=instance.path, rule=rule, label=label_of(instance.component))

    def _rules(self, instance: Instance, *, is_draft: bool) -> Iterator[str]:
        component, path = instance.component, instance.path
        is_kept = instance.is_read_only and is_same(self._given.get(path, MISSING), value_at(self._held, path))
        if path in self._wrong and not is_kept:
            yield self._wrong[path]
            return
        value = value_at(self._state.data, path)
        if path in self._given and not is_kept:
            yield from self._not_enterable(instance, self._given[path])
        if (
            component.is_required
            and not is_draft
            and instance.visibility is Visibility.SHOWN
            and self._lacks(instance, value)
        ):
            yield self._demand(component)
        yield from broken_rules(component, value, instance.context)

    def _not_enterable(self, instance: Instance, value: object) -> Iterator[str]:
        """Why a person could not enter the value here."""
        component, now = instance.component, value_at(self._state.data, instance.path)
        if instance.is_read_only:
            if not is_same(value, now) and component.type != "expression":
                yield "cannot be changed"
        elif component.type == "expression":
            if now is not NOT_EVALUATED and equals(value, now) is not True:
                yield f"is computed by the form: {text_of(now)}"
        elif component.is_single_choice or component.is_multiple_choice:
            options = options_of(component, self._state.initial, instance.context)
            chosen = value if isinstance(value, list) and component.is_multiple_choice else [value]
            if options is not None and value is not None and not all(each in options for each in chosen):
                yield _one_of(options)

    def _lacks(self, instance: Instance, value: object) -> bool:
        """A default does not count: the form submits it, the gateway sends only what was given."""
        if instance.path in self._given and not instance.is_read_only:
            return lacks(instance.component, self._given[instance.path])
        if instance.component.type == "expression":
            return value is not NOT_EVALUATED and lacks(instance.component, value)
        if instance.component.type == "filepicker" and not self._is_in_given_list(instance.path):
            value = value_at(self._held, instance.path)
            return value is MISSING or lacks(instance.component, value)
        is_kept = not self._is_in_given_list(instance.path) or instance.is_read_only
        return not is_kept or value_at(self._held, instance.path) is MISSING or lacks(instance.component, value)

    def _demand(self, component: Component) -> str:
        if component.type == "checkbox":
            return "must be ticked"
        if component.type == "filepicker":
            return FILE_RULE
        default = component.members.get("defaultValue")
        if default in (None, "") or isinstance(default, list | dict):
            return "is required"
        return f"is required; the form proposes {text_of(default)}"

    def _is_in_given_list(self, path: DataPath) -> bool:
        return _is_within(path, self._lists)

    def _is_hidden(self, path: tuple[object, ...]) -> bool:
        return _is_within(path, self._state.hidden)

    # What is sent

    def sent(self) -> dict[str, object]:
        sent: dict[str, Any] = copied(self._nested)
        shown: list[Instance] = []
        for instance in self._instances:
            if instance.visibility is Visibility.HIDDEN or instance.component.is_disabled:
                take_out(sent, instance.path, self._state.lists)
            else:
                shown.append(instance)
        around = {instance.path[:length] for instance in shown for length in range(1, len(instance.path))}
        for path in self._state.hidden:
            # Fields outside of a hidden group may be in the same object.
            if path not in around or not isinstance(value_at(sent, path), dict | list):
                take_out(sent, path, self._state.lists)
        for path in sorted(self._lists, key=len, reverse=True):
            rows = value_at(sent, path)
            is_bare = isinstance(rows, list) and rows and not any(rows)
            if is_bare and path not in around:
                take_out(sent, path, self._state.lists)
        shape(sent, (instance.path for instance in shown))
        replaced = frozenset(sent)
        for instance in shown:
            value = self._submitted(instance, is_replaced=len(instance.path) > 1 and str(instance.path[0]) in replaced)
            if value is not MISSING:
                put_in(sent, instance.path, value)
        return sent

    def _submitted(self, instance: Instance, *, is_replaced: bool) -> object:
        """The value to send; MISSING if the process keeps its own.

        `is_replaced`: the object or list that holds the value is sent, and so replaces the one of the process.
        """
        component, path = instance.component, instance.path
        held = value_at(self._held, path)
        value = value_at(self._state.data, path)
        if component.type == "expression" and value is not NOT_EVALUATED and instance.visibility is Visibility.SHOWN:
            is_kept = value is None if held is MISSING else equals(value, held) is True
            return MISSING if is_kept and not is_replaced else value
        if path in self._given:
            is_kept = instance.is_read_only and held is not MISSING
            return copied(held) if is_kept else self._given[path]
        if self._is_in_given_list(path) and not instance.is_read_only:
            return MISSING
        return copied(held) if is_replaced else MISSING

    def unevaluated(self) -> Iterator[str]:
        """Expressions that would have decided something, each once."""
        found: dict[str, None] = {}
        for instance in self._instances:
            component = instance.component
            if instance.visibility is Visibility.UNKNOWN:
                found[component.hide or f"a condition around {'.'.join(map(str, component.parts))}"] = None
            if component.type == "expression" and value_at(self._state.data, instance.path) is NOT_EVALUATED:
                found[str(component.members.get("expression"))] = None
            for name in LIMITS:
                if (
                    is_expression(component.rules.get(name))
                    and limit_of(component, name, instance.context) is NOT_EVALUATED
                ):
                    found[str(component.rules[name])] = None
        yield from found


def _is_place(name: str | int) -> bool:
    return isinstance(name, int)


def _is_within(path: tuple[object, ...], places: AbstractSet[tuple[object, ...]]) -> bool:
    return any(path[:length] in places for length in range(1, len(path) + 1))


def label_of(component: Component) -> str | None:
    """A label for people: none if it is an expression or a template."""
    label = component.label
    return None if label is None or is_expression(label) or "{{" in label else label


def _one_of(options: Options) -> str:
    if not options.all:
        return "has no options: the list that they come from is empty or missing"
    named = ", ".join(text_of(option.value) for option in options.all[:MOST_NAMED])
    return f"takes one of {named}" + (", ..." if len(options.all) > MOST_NAMED else "")
