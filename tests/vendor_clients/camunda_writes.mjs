// Every write of tasks and process instances, each with what it left.
import { camunda, given, now, told } from './camunda_client.mjs';

// Polls until the read model has caught up with the write.
const soon = (predicate) => ({ consistency: { waitUpToMs: 20000, pollIntervalMs: 10, ...(predicate && { predicate }) } });
const facts = {};

const made = await camunda.createProcessInstance({
  processDefinitionId: 'invoice', variables: { amount: 12.5, supplier: 'Nord & Söhne' }, tags: ['vip', 'vip'], businessId: 'INV-9001',
});
const { processInstanceKey } = made;
const ofInstance = { filter: { processInstanceKey, state: 'CREATED' } };
facts.made = [made.processDefinitionId, made.processDefinitionVersion, made.tags, made.businessId, made.tenantId];
facts.running = (await camunda.getProcessInstance({ processInstanceKey }, soon())).state;
const { items: [{ userTaskKey }] } = await camunda.searchUserTasks(ofInstance, soon());
const key = { userTaskKey };
const state = async (predicate) => {
  const task = await camunda.getUserTask(key, predicate ? soon(predicate) : now);
  return [task.state, task.assignee, task.priority, task.dueDate, task.candidateGroups];
};

await camunda.assignUserTask({ ...key, assignee: 'alice', allowOverride: false, action: 'claim' });
facts.claimed = await state((task) => task.assignee === 'alice');
await camunda.assignUserTask({ ...key, assignee: 'bob' });
facts.assigned = await state((task) => task.assignee === 'bob');
await camunda.unassignUserTask(key);
facts.unassigned = await state((task) => task.assignee === null);
await camunda.updateUserTask({ ...key, changeset: { priority: 80, dueDate: '2026-07-01T12:00:00Z', candidateGroups: ['legal'] }, action: 'escalate' });
facts.updated = await state((task) => task.priority === 80);
await camunda.updateUserTask({ ...key, changeset: { dueDate: '', candidateGroups: [] } });
facts.cleared = await state((task) => task.dueDate === null);
await camunda.completeUserTask({ ...key, variables: { decision: 'approved' }, action: 'approve' });
facts.completed = await state((task) => task.state === 'COMPLETED');
facts.history = (await camunda.searchUserTaskAuditLogs(
  { ...key, sort: [{ field: 'timestamp' }] }, soon((logs) => logs.items.some((each) => each.operationType === 'COMPLETE')),
)).items.map((each) => [each.operationType, each.actorId, each.result]);

const { items: [next] } = await camunda.searchUserTasks(ofInstance, soon((found) => found.items[0]?.userTaskKey > userTaskKey));
facts.next = next.elementId;
facts.kept = (await camunda.searchUserTaskEffectiveVariables({ userTaskKey: next.userTaskKey, filter: { name: 'decision' } }, soon())).items
  .map((each) => each.value);

await camunda.modifyProcessInstance({
  processInstanceKey,
  activateInstructions: [{ elementId: 'approve_invoice', variableInstructions: [{ variables: { decision: null } }] }],
  terminateInstructions: [{ elementId: 'prepare_transfer' }],
});
facts.modified = (await camunda.searchUserTasks(ofInstance, soon((found) => found.items[0]?.elementId === 'approve_invoice'))).items.length;
await camunda.cancelProcessInstance({ processInstanceKey, operationReference: 17 });
facts.cancelled = (await camunda.getProcessInstance({ processInstanceKey }, soon((found) => found.state === 'TERMINATED'))).state;
facts.left = (await camunda.searchUserTasks({ filter: { processInstanceKey } }, now)).items.map((each) => [each.elementId, each.state]);

const called = await camunda.createProcessInstance({ processDefinitionKey: given.calling });
facts.family = (await camunda.searchProcessInstances(
  { filter: { parentProcessInstanceKey: called.processInstanceKey } }, soon(),
)).items.map((each) => each.processDefinitionId);
told({ ...facts, task: userTaskKey, next: [next.userTaskKey, facts.next], instance: processInstanceKey, calling: called.processInstanceKey });
