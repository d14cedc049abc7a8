// The vendor's client against the stand-in whose address the argument gives, with its checks of answers on;
// the operations that succeeded are noted.
import { reached, refused } from './loopback_only.mjs';
import createCamundaClient from '@camunda8/orchestration-cluster-api';

export const given = JSON.parse(process.argv[2]);
const called = new Set();

// A client whose operations are noted when they succeed.
export const signedIn = (config = {}) => {
  const client = createCamundaClient({
    config: {
      CAMUNDA_REST_ADDRESS: given.url,
      CAMUNDA_AUTH_STRATEGY: 'BASIC',
      CAMUNDA_BASIC_AUTH_USERNAME: 'demo',
      CAMUNDA_BASIC_AUTH_PASSWORD: 'demo',
      CAMUNDA_SDK_VALIDATION: 'req:none,res:strict',
      CAMUNDA_SDK_HTTP_RETRY_BASE_DELAY_MS: 1,
      CAMUNDA_SDK_HTTP_RETRY_MAX_DELAY_MS: 2,
      CAMUNDA_OAUTH_RETRY_MAX: 1,
      CAMUNDA_SDK_LOG_LEVEL: 'silent',
      ...config,
    },
  });
  return new Proxy(client, {
    get: (_, operation) => async (...words) => {
      const answer = await client[operation](...words);
      called.add(operation);
      return answer;
    },
  });
};

export const camunda = signedIn();
// The read as it is now; the client waits for what it expects otherwise.
export const now = { consistency: { waitUpToMs: 0 } };

// What a call gives, or which error it throws.
export const outcome = async (call) => {
  try {
    return { value: (await call()) ?? null };
  } catch (error) {
    return { type: error.name, status: error.status ?? null, title: error.title ?? null, said: error.detail ?? error.message };
  }
};

export const told = (facts) => console.log(JSON.stringify({ ...facts, called: [...called], refused, reached: [...reached] }));
