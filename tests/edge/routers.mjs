// Joins our subgraph with one of another team and asks through two routers. Reads {url, sdl, other, tasks, person, query} from
// standard input: `url` of our gateway, `tasks` the ids that the other team's invoices refer to. Prints what each router
// answered, by its package.
import { createServer } from "node:http";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { composeServices } from "@apollo/composition";
import { createGatewayRuntime } from "@graphql-hive/gateway";
import { buildSchema, getOperationAST, graphql, parse } from "graphql";
import { asked } from "../clients/asked.mjs";

const { url, sdl, other, tasks, person, query } = asked;
const authorization = `Bearer ${person}`;

// The other team's subgraph: an invoice for each task.
const invoices = tasks.map((id, number) => ({ number, task: id === null ? null : { __typename: "Task", id } }));
const schema = buildSchema(
  `scalar _Any
   union _Entity = Task | Invoice
   extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
   directive @link(url: String!, import: [String!]) on SCHEMA
   directive @key(fields: String!, resolvable: Boolean) on OBJECT
   directive @shareable on OBJECT
   schema { query: Query }
   ${other}`,
);
const rootValue = {
  invoices: ({ first }) => invoices.slice(0, first),
  _entities: ({ representations }) =>
    representations.map((each) => ({ ...each, invoice: invoices.find(({ task }) => task?.id === each.id) ?? null })),
};
const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { query: source, variables } = JSON.parse(Buffer.concat(chunks).toString());
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(await graphql({ schema, source, rootValue, variableValues: variables })));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const { supergraphSdl, errors } = composeServices([
  { name: "taskgate", url, typeDefs: parse(sdl) },
  { name: "invoices", url: `http://127.0.0.1:${server.address().port}/`, typeDefs: parse(other) },
]);
if (errors?.length) throw new Error(errors.map((each) => each.message).join("\n"));

class SignedIn extends RemoteGraphQLDataSource {
  willSendRequest({ request }) {
    request.http.headers.set("authorization", authorization);
  }
}

async function byApollo() {
  const gateway = new ApolloGateway({ supergraphSdl, buildService: ({ url }) => new SignedIn({ url }) });
  const { executor, schema } = await gateway.load();
  const document = parse(query);
  const answer = await executor({
    request: { query },
    source: query,
    document,
    operation: getOperationAST(document),
    operationName: null,
    queryHash: "",
    schema,
    context: {},
    metrics: {},
  });
  await gateway.stop();
  return answer;
}

async function byHive() {
  const runtime = createGatewayRuntime({
    supergraph: supergraphSdl,
    logging: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get("authorization") }),
    },
  });
  const response = await runtime.fetch("http://router/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", authorization },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

const mark = (name) => fetch(url, { method: "POST", headers: { "content-type": "application/json", authorization }, body: JSON.stringify({ query: `query ${name} { __typename }` }) });
const told = {};
await mark("Apollo");
told["@apollo/gateway"] = await byApollo();
await mark("Hive");
told["@graphql-hive/gateway"] = await byHive();
server.close();
console.log(JSON.stringify(told));
process.exit(0);
