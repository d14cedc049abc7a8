// The vendor's client, made to speak to the origin that the argument names; what was called is noted.
import { refused } from './loopback_only.mjs';
import { createSDK } from '@epilot/sdk';

export const given = JSON.parse(process.argv[2]);
export const called = new Set();

// A token that is a text stands among the defaults, where an interceptor can take it away; one from a function does not.
export const sdkFor = (token) => {
  const sdk = createSDK();
  sdk.authorize(token);
  sdk.interceptors.request((config) => {
    config.baseURL = given.url;
    return config;
  });
  return sdk;
};

// An API of the client: each of its operations gives what was answered.
export const apiOf = (sdk, name) => new Proxy({}, {
  get: (_, operation) => async (...words) => {
    const { data } = await sdk[name][operation](...words);
    called.add(operation);
    return data;
  },
});

// What becomes of a call that may fail.
export const outcome = async (call) => {
  try {
    const { status } = await call();
    return { status };
  } catch (error) {
    return { status: error.response?.status ?? null, said: error.response?.data ?? error.message };
  }
};

export const sdk = sdkFor(() => given.token);
export const workflow = apiOf(sdk, 'workflow');
export const user = apiOf(sdk, 'user');
export const kanban = apiOf(sdk, 'kanban');
export const query = apiOf(sdk, 'query');

export const told = (answer) => console.log(JSON.stringify({ ...answer, called: [...called], refused }));
