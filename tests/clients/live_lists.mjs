// A list that changes by itself, with four clients: each hears of a task that is claimed while it listens.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { Client as Urql, fetchExchange } from "@urql/core";
import { createClient as overEvents } from "graphql-sse";
import { createClient as overSocket } from "graphql-ws";
import WebSocket from "ws";

const url = process.argv[2];
const headers = { authorization: "Bearer alice" };
const query = "subscription Live { inboxChanged { kind task { state } } }";

async function ask(text, variables) {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ query: text, variables }),
  });
  return (await response.json()).data;
}

/** What a client hears: `listen` gets a function for events, and returns one that ends it. */
async function heard(listen) {
  const events = [];
  let wake = () => {};
  const stop = await listen((data) => {
    events.push(data.inboxChanged);
    wake();
  });
  const until = async (kind) => {
    while (!events.some((event) => event.kind === kind)) await new Promise((done) => (wake = done));
  };
  // The first one that listens is told when all is known; the others may hear nothing before the claim.
  await Promise.race([until("RESYNC"), new Promise((done) => setTimeout(done, 1000))]);
  const { viewer } = await ask("{ viewer { inbox(scope: CLAIMABLE, first: 1) { nodes { id } } } }");
  await ask("mutation Claim($id: ID!) { claimTask(input: { taskId: $id }) { status } }", { id: viewer.inbox.nodes[0].id });
  await until("ADDED");
  await stop();
  return events.find(({ kind }) => kind === "ADDED").task.state;
}

const socket = overSocket({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, connectionParams: { Authorization: "Bearer alice" } });
const events = overEvents({ url, headers });
const apollo = new ApolloClient({ link: new HttpLink({ uri: url, headers }), cache: new InMemoryCache() });
const urql = new Urql({ url, exchanges: [fetchExchange], fetchSubscriptions: true, preferGetMethod: false, fetchOptions: { headers } });

const sink = (told) => ({ next: ({ data }) => told(data), error: (error) => { throw error; }, complete: () => {} });
const told = {
  "graphql-ws": await heard((event) => socket.subscribe({ query }, sink(event))),
  "graphql-sse": await heard((event) => events.subscribe({ query }, sink(event))),
  apollo: await heard((event) => {
    const running = apollo.subscribe({ query: gql(query) }).subscribe(sink(event));
    return () => running.unsubscribe();
  }),
  urql: await heard((event) => urql.subscription(query, {}).subscribe(({ data, error }) => {
    if (error) throw error;
    event(data);
  }).unsubscribe),
};
await socket.dispose();
console.log(JSON.stringify(told));
process.exit(0);
