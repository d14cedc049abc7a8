import { ClientError, GraphQLClient } from "graphql-request";
import { signedIn, take } from "./steps.mjs";

await take(async (url, { document, variables, method, token }) => {
  const client = new GraphQLClient(url, { method, headers: signedIn(token) });
  try {
    return { data: await client.request(document, variables) };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { data: error.response.data, errors: error.response.errors, error: `ClientError ${error.response.status}` };
  }
});
