"""Where graphql-core completes a list: by generated code if it can, else as graphql-core does."""

from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, ClassVar

import structlog
from graphql import GraphQLObjectType, GraphQLResolveInfo
from graphql.pyutils import Path
from graphql.type import GraphQLOutputType

from schema.compiled.compiler import ROWS, CompiledList, Selection, compiled
from schema.compiled.directory import Directory
from schema.compiled.leaves import Surprise
from schema.compiled.plans import OperationPlans, Plans
from schema.core.context import Context
from schema.core.rows import Rows
from schema.execution import BoundedIntExecutor
from schema.ports import TaskEdgeRow

_log = structlog.get_logger()
_UNSEEN: Any = object()


class CompiledExecutor(BoundedIntExecutor):
    """Lists of tasks are answered from their records. `plans` are of all operations of the process.

    Whatever the code does not expect (a null where none may be, an account that cannot be loaded, an error of its own)
    sends that list, and no other, the ordinary way. All that was read for it is in the request's loaders then, so that no
    call is made twice.
    """

    plans: ClassVar[Plans] = Plans()
    _of_operation: OperationPlans | None = _UNSEEN

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> Any:
        rest = (item_type, field_details_list, info, path, items, position_context)
        plan = self._plan(item_type, field_details_list, path, items, position_context)
        counts = self.plans.counts
        if plan is None or not isinstance(items, Rows):
            counts.ordinary += 1
            return super().complete_iterable_value(*rest)
        context: Context = self.context_value
        try:
            directory = Directory(context)
            users, groups = (
                directory.missing(plan.namings, [edge.task for edge in items.records]) if plan.namings else ([], [])
            )
            if users or groups:
                return self._loaded(plan, directory, users, groups, rest)
            rows = plan.rows(items.records, context, directory)
        except Exception as raised:  # noqa: BLE001 the ordinary way tells what is wrong
            self._note(raised)
            return super().complete_iterable_value(*rest)
        counts.compiled += 1
        return rows

    async def _loaded(
        self, plan: CompiledList, directory: Directory, users: Sequence[Any], groups: Sequence[Any], rest: Any
    ) -> Any:
        rows: Rows[Any] = rest[4]
        try:
            await directory.load(list(users), list(groups))
            made = plan.rows(rows.records, self.context_value, directory)
        except Exception as raised:  # noqa: BLE001 as above
            self._note(raised)
            done = super().complete_iterable_value(*rest)
            return await done if isinstance(done, Awaitable) else done
        self.plans.counts.compiled += 1
        return made

    def _plan(
        self, item_type: GraphQLOutputType, details: Any, path: Path, items: Iterable[Any], position_context: Any
    ) -> CompiledList | None:
        if not isinstance(items, Rows) or not items.records or not isinstance(items.records[0], TaskEdgeRow):
            return None
        row_type: Any = getattr(item_type, "of_type", item_type)
        if not isinstance(row_type, GraphQLObjectType) or row_type.name not in ROWS:
            return None
        if position_context is not None and len({id(each.defer_usage) for each in details}) > 1:
            # Some of its fields are told later than others.
            return None
        if any(each.fragment_variable_values is not None for each in details):
            return None
        if self._of_operation is _UNSEEN:
            fragments = [each.definition for each in self.fragments.values()]
            self._of_operation = self.plans.begun(self.operation, fragments)
        if self._of_operation is None:
            return None

        def make() -> CompiledList | None:
            try:
                if self.get_stream_usage(details, path) is not None:
                    return None
                return compiled(row_type, details, self._selected)
            except Surprise:
                return None
            except Exception as raised:  # noqa: BLE001 no fault of this code may fail a list
                self._note(raised)
                return None

        return self._of_operation.find(row_type.name, details, self.variable_values.coerced, make)

    def _selected(self, declared: GraphQLObjectType, details: Any) -> Selection:
        found = self.collect_subfields(declared, details)
        if found.new_defer_usages or found.forbidden_directive_instances:
            raise Surprise
        return found.grouped_field_set

    def _note(self, raised: Exception) -> None:
        self.plans.counts.surprised += 1
        if not isinstance(raised, Surprise):
            _log.warning("a compiled list was answered the ordinary way", error=type(raised).__name__)
