// Runs the compiled program of programs/relay by relay-runtime. Reads {url, artifacts, person} from standard input and prints
// what the program found.
import { createRequire } from "node:module";
import relay from "relay-runtime";
import { asked } from "../clients/asked.mjs";

const { Environment, Network, RecordSource, Store, commitMutation, createOperationDescriptor, fetchQuery, getSingularSelector } = relay;
const require = createRequire(import.meta.url);
const artifact = (name) => require(`${asked.artifacts}/${name}.graphql.js`);

const environment = new Environment({
  store: new Store(new RecordSource()),
  network: Network.create(async (request, variables) => {
    const response = await fetch(asked.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${asked.person}` },
      body: JSON.stringify({ doc_id: request.id, variables }), // relay-compiler left no text
    });
    const answer = await response.json();
    if (answer.errors) console.error(request.name, JSON.stringify(answer.errors));
    return answer;
  }),
});
const queried = async (name, variables) => {
  environment.retain(createOperationDescriptor(artifact(name), variables));
  return fetchQuery(environment, artifact(name), variables).toPromise();
};
const told = {};

// Pages of the inbox are joined in the store.
const first = await queried("inboxQuery", { count: 5 });
const inbox = () => environment.lookup(getSingularSelector(artifact("inboxTasks_viewer"), first.viewer)).data.inbox;
told.sizes = [inbox().edges.length];
while (inbox().pageInfo.hasNextPage) {
  await queried("inboxPaginationQuery", { count: 5, cursor: inbox().pageInfo.endCursor });
  told.sizes.push(inbox().edges.length);
}
const ids = inbox().edges.map(({ node }) => node.id);
told.total = inbox().totalCount;
told.distinct = new Set(ids).size;

// Each type is read again by its id alone, as a @refetchable fragment does.
const lists = await queried("inboxListsQuery", {});
const commented = await queried("inboxCommentsQuery", { ids: [...ids.slice(-10), ...ids.slice(0, 10)] });
const of = (list) => list.edges[0]?.node.id;
const known = {
  Task: ids[0],
  Flow: inbox().edges.map(({ node }) => node.flow?.id).find(Boolean),
  FlowDefinition: inbox().edges.map(({ node }) => node.flow?.definition?.id).find(Boolean),
  TaskDefinition: of(lists.taskDefinitions),
  User: of(lists.users),
  Group: of(lists.groups),
  Source: lists.sources[0].id,
  Comment: commented.nodes.flatMap((task) => task?.comments?.edges ?? []).map(({ node }) => node.id)[0],
};
told.refetched = {};
for (const [type, id] of Object.entries(known)) {
  if (id === undefined) {
    told.refetched[type] = "none was found";
    continue;
  }
  await queried(`inbox${type}RefetchQuery`, { id });
  const record = environment.getStore().getSource().get(id);
  told.refetched[type] = record?.__typename === type && Object.keys(record).some((key) => ["title", "name", "displayName", "text"].includes(key));
}

// A write updates the row wherever it is shown.
const id = ids[0];
const state = () => inbox().edges.find(({ node }) => node.id === id).node.state;
const before = state();
const { claimTask } = await new Promise((onCompleted, onError) =>
  commitMutation(environment, { mutation: artifact("inboxClaimMutation"), variables: { input: { taskId: id } }, onCompleted, onError }),
);
told.claim = [before, claimTask.status, state()];
console.log(JSON.stringify(told));
