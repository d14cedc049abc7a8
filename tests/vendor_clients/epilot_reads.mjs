// Every read: people, groups, flows of an entity, queries over tasks.
import { given, kanban, query, told, user, workflow } from './epilot_client.mjs';

const { accounting, alice, execution, entity } = given;
const filters = { combination: 'AND', items: [{ key: 'assignee', operator: 'IS_ONE_OF', value: [alice], data_type: 'string' }] };
const pages = [];
for (const from of [0, 2]) {
  const page = await kanban.executeFlowsQuery(null, { filters, sorting: { field: 'created_at', direction: 'desc' }, from, size: 2 });
  pages.push(page.results.map((row) => row.id));
}
const flow = await workflow.getFlowExecution({ execution_id: execution });
const found = await workflow.searchFlowExecutions(null, entity);
const overview = await query.executeWorkflowsQuery(null, { dataset: 'workflow_tasks_overview', assignee_ids: [alice], page_size: 100 });

told({
  me: (await user.getMeV2()).id,
  people: (await user.listUsersV2({ limit: 3, offset: 1 })).results.map((each) => each.email),
  named: (await user.listUsersV2({ query: 'keller' })).results.map((each) => each.display_name),
  one: (await user.getUserV2({ id: alice })).display_name,
  groups: (await user.getGroupsForUser({ id: alice })).map((each) => each.name),
  allGroups: (await user.getGroups({ hydrate: true })).hits,
  members: (await user.getGroup({ id: accounting, hydrate: true })).users.map((each) => each.display_name),
  turns: [await user.advanceUserAssignment({ id: accounting }), await user.advanceUserAssignment({ id: accounting })].map((each) => each.crt_assignee.display_name),
  older: (await user.getUser({ id: alice })).name,
  olderList: (await user.listUsers({ org_ids: ['739224', '728'] })).users.length,
  pages,
  suggested: await kanban.flowsAutocomplete({ attribute: 'status', input: 'on' }),
  columns: await query.workflowsAutocomplete({ attribute: 'task_type' }),
  overview: overview.results.map((task) => task.id),
  counted: await query.executeWorkflowsQuery(null, { dataset: 'total_count_of_workflow_executions' }),
  flow: [flow.id, flow.tasks.length],
  found: found.results.map((each) => each.id),
});
