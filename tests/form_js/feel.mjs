// FEEL as the vendor evaluates it: JSON lines of {expression, context, unary} on stdin, one line of {value} or {failed}
// for each on stdout.
import readline from 'node:readline';
import { evaluate, unaryTest } from '@bpmn-io/feelin';

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { expression, context, unary } = JSON.parse(line);
  let told;
  try {
    const { value } = (unary ? unaryTest : evaluate)(expression, context);
    told = { value: value === undefined ? null : value };
  } catch (error) {
    told = { failed: String(error && error.message) };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
