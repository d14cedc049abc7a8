// Signing in by client credentials: one token for many calls, a new one when asked, and none for strangers.
import { camunda as basic, given, now, outcome, signedIn, told } from './camunda_client.mjs';

const config = {
  CAMUNDA_AUTH_STRATEGY: 'OAUTH',
  CAMUNDA_OAUTH_URL: `${given.url}/oauth/token`,
  CAMUNDA_CLIENT_ID: given.id,
  CAMUNDA_CLIENT_SECRET: given.secret,
};
const camunda = signedIn(config);
const keys = async (client) => (await client.searchUserTasks({ page: { limit: 3 } }, now)).items.map((each) => each.userTaskKey);
const me = await camunda.getAuthentication();
const facts = {
  me: [me.username, me.groups],
  found: await keys(camunda),
  again: await keys(camunda),
};
const userTaskKey = given.open;
await camunda.assignUserTask({ userTaskKey, assignee: 'alice' });
facts.actor = (await camunda.searchUserTaskAuditLogs({ userTaskKey, filter: { operationType: 'ASSIGN' } }, now)).items
  .map((each) => [each.actorType, each.actorId]);
facts.strangers = [
  await outcome(() => signedIn({ ...config, CAMUNDA_CLIENT_SECRET: 'x' }).getTopology()),
  await outcome(() => signedIn({ ...config, CAMUNDA_TOKEN_AUDIENCE: 'x' }).getTopology()),
  await outcome(() => basic.getTopology()),
];
facts.requests = (await (await fetch(`${given.url}/__sandbox__/requests`)).json()).requests.map((each) => [each.path, each.status]);
await fetch(`${given.url}/__sandbox__/reset`, { method: 'POST', body: JSON.stringify({ tasks: 5, scenario: 'oidc' }) });
facts.forgotten = await outcome(() => camunda.getTopology());
await camunda.forceAuthRefresh();
facts.refreshed = (await outcome(() => camunda.getTopology())).value?.clusterSize;
told(facts);
