import { createInterface } from "node:readline";

// Takes the steps of tests through a client, one test a line of standard input: each step is {name, document, variables,
// method, token}. Prints a line with what the client made of each as {data, codes, error}, by name; `error` is what the
// client calls it.
export async function take(ask) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { url, steps } = JSON.parse(line);
    const told = {};
    for (const { name, ...step } of steps) {
      const { data, errors, error } = await ask(url, step);
      told[name] = { data: data ?? null, codes: errors?.map((each) => each.extensions?.code) ?? [], error: error ?? null };
    }
    // Caches ask for __typename beside whatever the document asks for.
    console.log(JSON.stringify(told, (key, value) => (key === "__typename" ? undefined : value)));
  }
}

export const signedIn = (token) => ({ authorization: `Bearer ${token}` });
