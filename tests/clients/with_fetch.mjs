import { signedIn, take } from "./steps.mjs";

await take(async (url, { document, variables, method, token }) => {
  const headers = { ...signedIn(token), accept: "application/graphql-response+json" };
  const response =
    method === "GET"
      ? await fetch(`${url}?${new URLSearchParams({ query: document, variables: JSON.stringify(variables) })}`, { headers })
      : await fetch(url, {
          method,
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify({ query: document, variables }),
        });
  return { ...(await response.json()), error: response.ok ? null : String(response.status) };
});
