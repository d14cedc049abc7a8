// Errors, retries and large answers, as the client copes with them, and what it says of itself.
import { apiOf, given, kanban, outcome, sdk, sdkFor, told, user } from './epilot_client.mjs';
import { createRequire } from 'node:module';
import { createSDK } from '@epilot/sdk';
import { createClient } from '@epilot/sdk/kanban';

const load = createRequire(import.meta.url);

const stranger = sdkFor(() => 'none');
const reader = sdkFor(() => given.reader);
const astray = createSDK();
const late = sdkFor(() => given.expired);
const hers = apiOf(sdkFor(() => given.person), 'user');
const operations = [];
for (const name of ['workflow', 'user', 'kanban', 'query']) {
  const { paths } = load(`@epilot/sdk/${name}/openapi.json`);
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { operationId }] of Object.entries(methods)) if (operationId) operations.push([operationId, method.toUpperCase(), path]);
  }
}
const discreet = sdkFor(given.token);
discreet.interceptors.request((config) => {
  if (config.url.startsWith('http')) config.headers.delete('authorization');
  return config;
});
const single = createClient();
single.defaults.baseURL = given.url;
single.defaults.headers.common.authorization = `Bearer ${given.token}`;

const limited = await user.getMeV2();
const small = await kanban.executeFlowsQuery(null, { size: 1 });

told({
  operations,
  limited: limited.id,
  person: [(await hers.getMeV2()).display_name, (await hers.getMe()).name],
  small: small.results.length,
  stranger: await outcome(() => stranger.workflow.getFlowExecution({ execution_id: given.execution })),
  late: await outcome(() => late.kanban.executeFlowsQuery(null, {})),
  reader: await outcome(() => reader.workflow.deleteFlowExecution({ execution_id: given.execution })),
  unknown: await outcome(() => sdk.workflow.getFlowExecution({ execution_id: 'a/b c:d' })),
  noTask: await outcome(() => sdk.workflow.patchTask({ execution_id: given.execution, task_id: 'x' }, { status: 'COMPLETED' })),
  large: await outcome(() => sdk.kanban.executeFlowsQuery(null, { size: 100 })),
  astray: (await outcome(() => astray.user.getMeV2())).status,
  fetched: (await discreet.kanban.executeFlowsQuery(null, { size: 100 })).data.results.length,
  tooLarge: await outcome(() => single.executeFlowsQuery(null, { size: 100 })),
});
