// @defer and @stream with two clients: what each holds when the answer is whole, and in how many steps it came.
import { ApolloClient, HttpLink, InMemoryCache, NetworkStatus, gql } from "@apollo/client/core";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { Client as Urql, fetchExchange } from "@urql/core";

const url = process.argv[2];
const headers = { authorization: "Bearer alice" };
const tasks = "tasks(first: 3)";
const deferred = `query Deferred { ${tasks} { nodes { id ...Slow @defer(label: "slow") } } } fragment Slow on Task { title state permittedActions { action } }`;
const streamed = `query Streamed { ${tasks} { nodes @stream(initialCount: 1) { id title } } }`;

async function held(observe) {
  let last;
  let steps = 0;
  await new Promise((resolve, reject) => observe((data, isWhole) => {
    last = data;
    steps += 1;
    if (isWhole) resolve();
  }, reject));
  return { nodes: last.tasks.nodes.map(({ id, title }) => [id, title]), steps };
}

const apollo = (incrementalHandler, query) => (next, fail) => {
  const client = new ApolloClient({ link: new HttpLink({ uri: url, headers }), cache: new InMemoryCache(), incrementalHandler });
  client.watchQuery({ query: gql(query) }).subscribe({
    next: ({ data, dataState, networkStatus, error }) =>
      error ? fail(error) : dataState !== "empty" && next(data, networkStatus === NetworkStatus.ready),
    error: fail,
  });
};
const urql = (query) => (next, fail) => {
  const client = new Urql({ url, exchanges: [fetchExchange], preferGetMethod: false, fetchOptions: { headers } });
  client.query(query, {}).subscribe(({ data, error, hasNext }) => (error ? fail(error) : next(data, !hasNext)));
};

const told = {
  "apollo, August 2022": await held(apollo(new Defer20220824Handler(), deferred)),
  "apollo, present": await held(apollo(new GraphQL17Alpha9Handler(), deferred)),
  "apollo, present, stream": await held(apollo(new GraphQL17Alpha9Handler(), streamed)),
  urql: await held(urql(deferred)),
  "urql, stream": await held(urql(streamed)),
};
console.log(JSON.stringify(told));
process.exit(0);
