// Automatic persisted queries by the clients themselves. Reads {url, person} from standard input and prints what each got.
import { createHash } from "node:crypto";
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { asked } from "./asked.mjs";

const { url, person } = asked;
const headers = { authorization: `Bearer ${person}` };
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const told = {};
for (const useGETForHashedQueries of [false, true]) {
  const document = gql(`query Apollo${useGETForHashedQueries ? "Get" : "Post"} { viewer { user { displayName } } }`);
  const names = [];
  for (let round = 0; round < 2; round++) {
    const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(new HttpLink({ uri: url, headers }));
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    const { data } = await client.query({ query: document });
    names.push(data.viewer.user.displayName);
  }
  told[useGETForHashedQueries ? "@apollo/client GET" : "@apollo/client POST"] = names;
}
for (const preferGetForPersistedQueries of [false, true]) {
  const document = `query Urql${preferGetForPersistedQueries ? "Get" : "Post"} { viewer { user { displayName } } }`;
  const names = [];
  for (let round = 0; round < 2; round++) {
    const exchanges = [persistedExchange({ preferGetForPersistedQueries, generateHash: async (text) => sha256(text) }), fetchExchange];
    const client = new Client({ url, exchanges, fetchOptions: { headers }, preferGetMethod: false });
    const { data, error } = await client.query(document, {}).toPromise();
    names.push(data?.viewer.user.displayName ?? String(error));
  }
  told[preferGetForPersistedQueries ? "@urql/exchange-persisted GET" : "@urql/exchange-persisted POST"] = names;
}
console.log(JSON.stringify(told));
process.exit(0);
