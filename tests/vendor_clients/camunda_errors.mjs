// What the client makes of refusals and of trouble on the way. `/__sandbox__` is the stand-in's control interface.
import { camunda, given, now, outcome, signedIn, told } from './camunda_client.mjs';

const control = (name, body) => fetch(`${given.url}/__sandbox__/${name}`, { method: 'POST', body: JSON.stringify(body) });
const claimed = { userTaskKey: given.claimed };
const open = { userTaskKey: given.open };
const nobody = '4503599627370495';
const alice = signedIn({ CAMUNDA_BASIC_AUTH_USERNAME: 'alice', CAMUNDA_BASIC_AUTH_PASSWORD: 'alice' });
const hers = { userTaskKey: given.ofOthers };
const listeners = {};
const { processInstanceKey } = await camunda.createProcessInstance({ processDefinitionId: 'task-listeners' });
for (const each of (await camunda.searchUserTasks({ filter: { processInstanceKey } }, now)).items) listeners[each.elementId] = each.userTaskKey;

const facts = {
  badPassword: await outcome(() => signedIn({ CAMUNDA_BASIC_AUTH_PASSWORD: 'x' }).getTopology()),
  noTask: await outcome(() => camunda.getUserTask({ userTaskKey: nobody }, now)),
  noKey: await outcome(() => camunda.getUserTask({ userTaskKey: 'x' }, now)),
  noForm: await outcome(() => camunda.getUserTaskForm({ userTaskKey: nobody }, now)),
  noInstance: await outcome(() => camunda.cancelProcessInstance({ processInstanceKey: nobody })),
  noDefinition: await outcome(() => camunda.getProcessDefinitionXml({ processDefinitionKey: nobody }, now)),
  noProcess: await outcome(() => camunda.createProcessInstance({ processDefinitionId: 'none' })),
  noUser: await outcome(() => camunda.getUser({ username: 'zoë' }, now)),
  noGroup: await outcome(() => camunda.searchUsersForGroup({ groupId: 'a b+ö?' }, now)),
  noAssignee: await outcome(() => camunda.assignUserTask({ ...open, assignee: '' })),
  nothingToUpdate: await outcome(() => camunda.updateUserTask({ ...open })),
  badFilter: await outcome(() => camunda.searchUserTasks({ filter: { colour: 'red' } }, now)),
  badCursor: await outcome(() => camunda.searchUserTasks({ page: { after: 'x' } }, now)),
  claimLost: await outcome(() => camunda.assignUserTask({ ...claimed, assignee: 'bob', allowOverride: false })),
  done: await outcome(() => camunda.completeUserTask({ userTaskKey: given.done })),
  noElement: await outcome(() => camunda.modifyProcessInstance({ processInstanceKey, activateInstructions: [{ elementId: 'none' }] })),
  denied: await outcome(() => camunda.completeUserTask({ userTaskKey: listeners.denied_completion })),
  slow: await outcome(() => camunda.assignUserTask({ userTaskKey: listeners.slow_assignment, assignee: 'bob' })),
  notHers: await outcome(() => alice.getUserTask(hers, now)),
  notHersToDo: await outcome(() => alice.completeUserTask(hers)),
  notThere: await outcome(() => camunda.getProcessInstanceCallHierarchy({ processInstanceKey }, now)),
  tooLate: await outcome(() => camunda.getUserTask({ userTaskKey: nobody }, { consistency: { waitUpToMs: 30, pollIntervalMs: 10 } })),
  // No form is an answer of 204, which the client's own check does not know how to read.
  formless: await outcome(() => camunda.getUserTaskForm({ userTaskKey: given.formless }, now)),
};
const trouble = async (fault, call) => {
  await control('faults', fault);
  return outcome(call);
};
const path = '/v2/topology';
const exhausted = { type: 'about:blank', title: 'RESOURCE_EXHAUSTED', status: 503, detail: 'Too busy', instance: path };
const topology = async () => (await camunda.getTopology()).gatewayVersion;
facts.wrongAnswer = await trouble({ kind: 'status', path, status: 200, body: { brokers: [] } }, topology);
facts.tooMany = await trouble({ kind: 'status', path, status: 429, body: { ...exhausted, title: 'Too Many Requests', status: 429 } }, topology);
facts.busy = await trouble({ kind: 'status', path, status: 503, body: exhausted, times: 2 }, topology);
facts.away = await trouble({ kind: 'status', path, status: 503, body: '<html>' }, topology);
facts.cut = await trouble({ kind: 'reset_before', path }, topology);
facts.later = await trouble({ kind: 'status', path, status: 503, body: exhausted, times: 9 }, topology);
told(facts);
