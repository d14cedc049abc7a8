import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { signedIn, take } from "./steps.mjs";

await take(async (url, { document, variables, method, token }) => {
  const client = new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    preferGetMethod: method === "GET" ? "force" : false,
    fetchOptions: { headers: signedIn(token) },
  });
  const result = document.startsWith("mutation")
    ? await client.mutation(document, variables).toPromise()
    : await client.query(document, variables).toPromise();
  return { data: result.data, errors: result.error?.graphQLErrors, error: result.error?.name };
});
