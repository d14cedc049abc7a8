// Every read. The client checks all that the stand-in has against the types of the vendor's description.
import { camunda, given, now, signedIn, told } from './camunda_client.mjs';

const whole = { page: { limit: 1000 } };
const { task, formless, instance, definition } = given;
const keys = (answer) => answer.items.map((each) => each.userTaskKey);

const oldest = { sort: [{ field: 'creationDate', order: 'ASC' }] };
const first = await camunda.searchUserTasks({ ...oldest, page: { limit: 7 } }, now);
const second = await camunda.searchUserTasks({ ...oldest, page: { limit: 7, after: first.page.endCursor } }, now);
const back = await camunda.searchUserTasks({ ...oldest, page: { limit: 7, before: second.page.startCursor } }, now);
const third = await camunda.searchUserTasks({ ...oldest, page: { limit: 7, from: 14 } }, now);
const all = await camunda.searchUserTasks(whole, now);
const hers = { state: 'CREATED', assignee: 'alice', candidateGroup: { $in: ['accounting', 'claims'] }, dueDate: { $exists: true } };

const one = await camunda.getUserTask({ userTaskKey: task }, now);
const cut = await camunda.searchUserTaskVariables({ userTaskKey: given.verbose }, now);
const full = await camunda.searchUserTaskVariables({ userTaskKey: given.verbose, truncateValues: false }, now);
const unchecked = signedIn({ CAMUNDA_SDK_VALIDATION: 'none' });
const latest = await camunda.getProcessDefinition({ processDefinitionKey: definition }, now);
const group = { groupId: 'accounting' };
const form = await camunda.getUserTaskForm({ userTaskKey: task }, now);
const startForm = await camunda.getStartProcessForm({ processDefinitionKey: given.started }, now);

told({
  pages: [keys(first), keys(second), keys(third)],
  back: keys(back),
  total: [all.page.totalItems, all.page.hasMoreTotalItems, all.items.length],
  hers: keys(await camunda.searchUserTasks({ filter: hers, ...whole }, now)),
  ofProcess: keys(await camunda.searchUserTasks({ filter: { processInstanceKey: instance }, ...oldest }, now)),
  byVariable: keys(await camunda.searchUserTasks({ filter: { processInstanceVariables: [{ name: 'country', value: '"DE"' }] }, ...whole }, now)),
  one: [one.userTaskKey, one.name, one.state, one.creationDate, one.processInstanceKey, one.formKey],
  form: [form.formKey, form.version, JSON.parse(form.schema).type],
  startForm: JSON.parse(startForm.schema).components.flatMap((each) => each.key ?? []),
  formless: (await unchecked.getUserTaskForm({ userTaskKey: formless }, now)) || null,
  variables: (await camunda.searchUserTaskVariables({ userTaskKey: task, filter: { name: 'amount' } }, now)).items.map(({ name, value }) => [name, value]),
  cut: cut.items.filter((each) => each.isTruncated).map(({ name, value }) => [name, value.length]),
  full: full.items.filter((each) => each.value.length > 8191).map(({ name, isTruncated }) => [name, isTruncated]),
  effective: (await camunda.searchUserTaskEffectiveVariables({ userTaskKey: task, sort: [{ field: 'name' }] }, now)).items.map((each) => each.name),
  audit: (await camunda.searchUserTaskAuditLogs({ userTaskKey: task, sort: [{ field: 'timestamp' }] }, now)).items
    .map((each) => [each.operationType, each.result, each.entityKey]),
  instances: (await camunda.searchProcessInstances(whole, now)).items.map((each) => each.processInstanceKey),
  active: (await camunda.searchProcessInstances({ filter: { state: 'ACTIVE', processDefinitionId: 'invoice' }, ...whole }, now)).items.length,
  instance: (({ processInstanceKey, state, businessId }) => [processInstanceKey, state, businessId])(
    await camunda.getProcessInstance({ processInstanceKey: instance }, now),
  ),
  definitions: (await camunda.searchProcessDefinitions({ filter: { processDefinitionId: 'invoice' }, sort: [{ field: 'version' }] }, now)).items
    .map((each) => each.version),
  latest: (await camunda.searchProcessDefinitions({ filter: { isLatestVersion: true, name: 'Invoice receipt' } }, now)).items.map((each) => each.version),
  definition: [latest.processDefinitionKey, latest.processDefinitionId, latest.name, latest.version],
  xml: await camunda.getProcessDefinitionXml({ processDefinitionKey: definition }, now),
  users: (await camunda.searchUsers({ filter: { email: { $like: '*@example.com' } }, sort: [{ field: 'username' }] }, now)).items.map((each) => each.username),
  user: (({ username, name, email }) => [username, name, email])(await camunda.getUser({ username: 'alice' }, now)),
  groups: (await camunda.searchGroups({ sort: [{ field: 'groupId' }] }, now)).items.map((each) => each.groupId),
  group: (({ groupId, name }) => [groupId, name])(await camunda.getGroup(group, now)),
  members: (await camunda.searchUsersForGroup({ ...group, sort: [{ field: 'username' }] }, now)).items.map((each) => each.username),
  me: (({ username, groups, tenants }) => [username, groups, tenants.map((each) => each.tenantId)])(await camunda.getAuthentication()),
  topology: (({ gatewayVersion, brokers, clusterSize }) => [gatewayVersion, brokers.length, clusterSize])(await camunda.getTopology()),
  status: (await camunda.getStatus()) ?? null,
});
