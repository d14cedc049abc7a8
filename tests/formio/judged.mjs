// Reads lines of {schema, entry} and prints for each what @formio/core says of them: {valid, errors, submitted}.
import { createInterface } from 'node:readline';
import core from '@formio/core/process';

const { process: run, Processors } = core;
// The filter is the server's: it drops data that no component of the form has. A browser submits them.
const processors = Processors.filter((each) => each.name !== 'filter');
// The library reports scripts that fail on the console.
for (const name of ['log', 'warn', 'error']) console[name] = () => {};

for await (const line of createInterface({ input: process.stdin })) {
  const { schema, entry } = JSON.parse(line);
  const scope = { errors: [] };
  const context = { form: schema, components: schema.components, data: entry, submission: { data: entry }, processors, scope, config: {} };
  let failure = null;
  try {
    await run(context);
  } catch (error) {
    failure = String(error.message ?? error);
  }
  const errors = scope.errors.map((each) => `${each.context.path}: ${each.ruleName}`);
  const told = { valid: failure === null && errors.length === 0, errors: failure === null ? errors : [failure], submitted: context.data };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
