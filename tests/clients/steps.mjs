// Takes the steps of a test through a client: each is {name, document, variables, method, token}. Prints what the client
// made of each as {data, codes, error}, by name; `error` is what the client calls it.
export async function take(ask) {
  const { url, steps } = JSON.parse(process.argv[2]);
  const told = {};
  for (const { name, ...step } of steps) {
    const { data, errors, error } = await ask(url, step);
    told[name] = { data: data ?? null, codes: errors?.map((each) => each.extensions?.code) ?? [], error: error ?? null };
  }
  // Caches ask for __typename beside whatever the document asks for.
  console.log(JSON.stringify(told, (key, value) => (key === "__typename" ? undefined : value)));
}

export const signedIn = (token) => ({ authorization: `Bearer ${token}` });
