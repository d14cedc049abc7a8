// Every operation of the client's, as method and path with the names of its parameters: each is called once, and none is sent.
import { told } from './camunda_client.mjs';
import { CamundaClient, createCamundaClient } from '@camunda8/orchestration-cluster-api';

const named = new Proxy({}, { get: (_, name) => (typeof name === 'string' ? `{${name}}` : undefined) });
const sent = [];
const client = createCamundaClient({
  config: { CAMUNDA_REST_ADDRESS: 'http://127.0.0.1' },
  fetch: async (input, options) => {
    const { method, url } = new Request(input, options);
    sent.push([method, decodeURIComponent(new URL(url).pathname)]);
    return new Response(null, { status: 204 });
  },
});
const operations = [];
for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(CamundaClient.prototype))) {
  // The other methods are about the client itself or make several requests.
  if (name === 'constructor' || !`${value}`.includes('client: this._client')) continue;
  await client[name](named, { consistency: { waitUpToMs: 0 } });
  if (sent.length !== operations.length + 1) throw new Error(`${name} sent ${sent.length - operations.length} requests`);
  operations.push([name, ...sent.at(-1)]);
}
told({ operations });
