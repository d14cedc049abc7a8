"""Running processes: starts, completions with forms, cancellations, and the log of what users did."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sandbox.camunda7 import errors
from sandbox.camunda7.answers import step_of
from sandbox.camunda7.definitions import BY_KEY, Input, Process, Step
from sandbox.camunda7.records import COMPLETED, DELETED, Instance, Operation, Task, Typed
from sandbox.camunda7.store import Store

LONGEST_TEXT = 4000
NATURAL = {bool: "Boolean", int: "Integer", float: "Double", str: "String"}


class Engine:
    """`logs_users`: requests have a user, so that the log has entries."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # Flows

    def start(self, process: Process, variables: Mapping[str, Typed], key: str | None, user: str | None) -> Instance:
        store = self.store
        made = Instance(
            id=store.new_id(),
            definition_id=store.definitions[process.key],
            key=process.key,
            name=process.name,
            version=process.version,
            business_key=key,
            started=store.now(),
            start_user=user,
            variables=dict(variables),
        )
        store.instances[made.id] = made
        self.begin(made, process.steps[0])
        return made

    def begin(self, instance: Instance, step: Step | None) -> Task | None:
        """Create the task of a step; without one the instance has reached its end."""
        if step is None:
            instance.ended, instance.state = self.store.now(), "COMPLETED"
            return None
        id = self.store.new_id()
        task = Task(
            id=id,
            name=step.name,
            created=self.store.now(),
            instance=instance,
            step=step.id,
            activity=f"{step.id}:{self.store.new_id()}",
            description=step.description,
            priority=step.priority,
            users=list(step.users),
            groups=list(step.groups),
        )
        self.store.tasks[id] = task
        return task

    def cancel(self, instance: Instance, reason: str | None) -> None:
        for task in self.store.tasks_in(instance):
            self.end(task, reason or DELETED)
        instance.ended, instance.state, instance.reason = self.store.now(), "EXTERNALLY_TERMINATED", reason

    # Tasks

    def end(self, task: Task, reason: str) -> None:
        task.ended, task.reason = self.store.now(), reason
        task.users, task.groups, task.local = [], [], {}

    def advance(self, task: Task) -> None:
        """What comes after a task that has ended, in its process."""
        if task.instance is not None and task.step is not None:
            self.begin(task.instance, BY_KEY[task.instance.key].after(task.step))

    def complete(self, task: Task, variables: Mapping[str, Typed], user: str | None) -> None:
        self.set_visible(task, variables)
        self.log(user, task, "Complete", [("delete", "false", "true")])
        self.end(task, COMPLETED)
        self.advance(task)

    def submit(self, task: Task, variables: Mapping[str, Typed], user: str | None) -> None:
        """Check and convert form data. A delegated task goes back to its owner."""
        step = step_of(task)
        converted = dict(variables)
        if step is not None:
            converted = submitted(step.inputs, variables, task.visible_variables, f"Cannot submit task form {task.id}")
        if task.delegation == "PENDING":
            self.set_visible(task, converted)
            self.resolve(task, user)
            return
        self.complete(task, converted, user)

    def resolve(self, task: Task, user: str | None) -> None:
        self.log(user, task, "Resolve", [("delegation", "PENDING", "RESOLVED")])
        task.delegation, task.assignee = "RESOLVED", task.owner
        self.touch(task)

    def set_visible(self, task: Task, variables: Mapping[str, Typed]) -> None:
        """A variable that the task itself has takes the value: the one of the process stays as it is."""
        for name, each in variables.items():
            if task.instance is None or name in task.local:
                task.local[name] = each
            else:
                task.instance.variables[name] = each

    def touch(self, task: Task) -> None:
        task.updated = self.store.now()

    def log(
        self, user: str | None, task: Task, kind: str, changes: list[tuple[str | None, str | None, str | None]]
    ) -> None:
        """Nothing without a user."""
        if user is None:
            return
        operation = self.store.new_id()
        now = self.store.now()
        self.store.operations += [
            Operation(self.store.new_id(), operation, user, now, kind, property, before, after, task)
            for property, before, after in changes
        ]


def typed(given: Any, what: str) -> Typed:
    """A variable as it is sent, with the type that the engine finds. RefusalError for a value that does not fit."""
    each = given if isinstance(given, dict) else {}
    value, type_ = each.get("value"), each.get("type")
    if type_ is None:
        type_ = "Null" if value is None else NATURAL.get(type(value), "Object")
        if isinstance(value, int) and not -(1 << 31) <= value < 1 << 31:
            type_ = "Long"
    if type_ in {"Json", "Xml"}:
        raise errors.invalid(f"{what}: Unsupported value type '{type_}'")
    java = {"Long": "java.lang.Long", "Integer": "java.lang.Integer", "Double": "java.lang.Double"}.get(type_)
    if java is not None and value is not None and not _is_number(value, type_):
        raise errors.invalid(f"{what}: Cannot convert value '{value}' of type '{type_}' to java type {java}")
    if isinstance(value, str) and type_ == "String" and len(value) > LONGEST_TEXT:
        text = "An exception occurred in the persistence layer. Please check the server logs for a detailed message and the entire exception stack trace."
        raise errors.RefusalError(500, "RestException", f"{what}: {text}", 10002)
    return {"type": type_, "value": value}


def form_values(task: Task) -> dict[str, Typed]:
    """The fields of the form with the values of variables, then all other variables that the task sees."""
    step, visible = step_of(task), task.visible_variables
    found: dict[str, Typed] = {}
    for field in () if step is None else step.inputs:
        if field.id in visible:
            found[field.id] = visible[field.id]
        elif field.type == "boolean":
            found[field.id] = {"type": "Boolean", "value": field.default == "true" if field.default else None}
        else:
            found[field.id] = {"type": "String", "value": "" if field.type == "date" else None}
    return {**found, **{name: each for name, each in visible.items() if name not in found}}


def submitted(
    inputs: Sequence[Input], given: Mapping[str, Typed], visible: Mapping[str, Typed], what: str
) -> dict[str, Typed]:
    """The values as the engine stores them. `what` begins the text of the RefusalError for one that the form does not take."""
    converted = dict(given)
    for field in inputs:
        value = _submitted(field, converted.pop(field.id, None), visible, what)
        if value is not None:
            converted[field.id] = value
    return converted


def _submitted(field: Input, given: Typed | None, visible: Mapping[str, Typed], what: str) -> Typed | None:
    value = None if given is None else given["value"]
    if value is None and given is None and field.id in visible:
        # The value that is there stays, and is checked again.
        value = visible[field.id]["value"]
    if value is None and given is None:
        value = field.default
    rules = dict(field.rules)
    converted = _converted(field, value, what)
    if converted is None:
        if given is None and field.is_required and field.id not in visible:
            raise _refused(what, f"Invalid value submitted for form field '{field.id}': validation of required failed.")
        return None if given is None else {"type": "Null", "value": None}
    held = converted["value"]
    size = len(held) if isinstance(held, str) else held
    for rule, sign in (("min", 1), ("max", -1), ("minlength", 1), ("maxlength", -1)):
        applies = rule in rules and isinstance(held, str if rule.endswith("length") else int)
        if applies and size * sign < int(rules[rule] or 0) * sign:
            raise _refused(
                what,
                f"Invalid value submitted for form field '{field.id}': validation of {rule}({rules[rule]}) failed.",
            )
    return converted


def _converted(field: Input, value: Any, what: str) -> Typed | None:
    if value is None or (value == "" and field.type != "string"):
        return None
    match field.type:
        case "boolean":
            return {"type": "Boolean", "value": value if isinstance(value, bool) else str(value).lower() == "true"}
        case "long":
            return {"type": "Long", "value": int(value)}
        case "enum":
            if value not in {id for id, _ in field.options}:
                raise _refused(what, f"Invalid value for enum form property: {value}")
            return {"type": "String", "value": value}
        case "date":
            return {"type": "Date", "value": _date(str(value), field.pattern or "dd/MM/yyyy", what)}
        case _:
            return {"type": "String", "value": str(value)}


def _date(text: str, pattern: str, what: str) -> str:
    if "T" in text:
        return text
    form = pattern.replace("dd", "%d").replace("MM", "%m").replace("yyyy", "%Y")
    try:
        found: date = datetime.strptime(text, form)  # noqa: DTZ007 the engine's own zone, UTC here
    except ValueError:
        raise _refused(what, f"Could not parse value '{text}' as date using date format '{pattern}'.") from None
    return f"{found:%Y-%m-%d}T00:00:00.000+0000"


def _refused(what: str, reason: str) -> errors.RefusalError:
    return errors.RefusalError(500, "RestException", f"{what}: {reason}", 0)


def _is_number(value: Any, type_: str) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (type_ == "Double" and isinstance(value, float))
