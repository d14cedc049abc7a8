// The vendor's client against the stand-in whose address and facts the first argument gives as JSON.
import './loopback_only.mjs';
import { UiPath } from '@uipath/uipath-typescript/core';
import { Tasks } from '@uipath/uipath-typescript/tasks';
import { ProcessInstances } from '@uipath/uipath-typescript/maestro-processes';

// Where the client tells that its telemetry failed; the output is for facts.
console.debug = console.error;

export const given = JSON.parse(process.argv[2]);

export const signedIn = (secret = given.secret) =>
  new UiPath({ baseUrl: given.url, orgName: 'acme', tenantName: 'DefaultTenant', secret });

export const tasks = new Tasks(signedIn());
export const instances = new ProcessInstances(signedIn());

// What a call gives, or which error it throws.
export const tried = async (call) => {
  try {
    return await call();
  } catch (error) {
    return { type: error.type, status: error.statusCode, message: error.message };
  }
};

// Prints and leaves: the client's telemetry would keep the process for seconds.
export const told = (facts) => process.stdout.write(JSON.stringify(facts), () => process.exit(0));
