import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { getMainDefinition } from "@apollo/client/utilities";
import { signedIn, take } from "./steps.mjs";

await take(async (url, { document, variables, method, token }) => {
  const client = new ApolloClient({
    link: new HttpLink({ uri: url, useGETForQueries: method === "GET", headers: signedIn(token) }),
    cache: new InMemoryCache(),
  });
  const parsed = gql(document);
  const { data, error } =
    getMainDefinition(parsed).operation === "mutation"
      ? await client.mutate({ mutation: parsed, variables, errorPolicy: "all" })
      : await client.query({ query: parsed, variables, errorPolicy: "all" });
  return { data, errors: CombinedGraphQLErrors.is(error) ? error.errors : [], error: error?.name };
});
