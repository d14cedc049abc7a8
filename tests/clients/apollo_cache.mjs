// What Apollo Client's cache makes of pages, and of a claim. Prints {shown, kept, before, claimed, after, byId}.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { relayStylePagination } from "@apollo/client/utilities";

const client = new ApolloClient({
  link: new HttpLink({ uri: process.argv[2] }),
  cache: new InMemoryCache({
    possibleTypes: { Node: ["Task", "Flow", "FlowDefinition", "Group", "Source", "TaskDefinition", "User"] },
    typePolicies: {
      // The viewer has no id: its fields are merged, and pages of its inbox joined.
      Viewer: { merge: true, fields: { inbox: relayStylePagination(["scope", "filter", "orderBy"]) } },
    },
  }),
});
const INBOX = gql`
  query Inbox($after: String, $scope: InboxScope) {
    viewer {
      inbox(first: 3, after: $after, scope: $scope) {
        totalCount
        edges { cursor node { id title state assignee { id displayName } } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`;
const nodes = ({ data }) => data.viewer.inbox.edges.map(({ node }) => node);

const inbox = client.watchQuery({ query: INBOX, variables: { scope: "MINE" } });
const shown = [];
let onShown;
const showing = inbox.subscribe((result) => {
  if (result.dataState !== "complete" || result.loading) return;
  shown.push(nodes(result).length);
  onShown?.(result);
});
let page = (await new Promise((resolve) => (onShown = resolve))).data;
while (page.viewer.inbox.pageInfo.hasNextPage) {
  const next = new Promise((resolve) => (onShown = resolve));
  page = (await inbox.fetchMore({ variables: { after: page.viewer.inbox.pageInfo.endCursor } })).data;
  await next;
}
showing.unsubscribe();
const kept = await client.query({ query: INBOX, variables: { scope: "MINE" }, fetchPolicy: "cache-only" });

const queue = { query: INBOX, variables: { scope: "CLAIMABLE" } };
const before = nodes(await client.query(queue))[0];
const node = gql`query ById($id: ID!) { node(id: $id) { id ... on Task { title state } } }`;
const byId = await client.query({ query: node, variables: { id: before.id } });
const claimed = await client.mutate({
  mutation: gql`
    mutation Claim($id: ID!) {
      claimTask(input: { taskId: $id }) { status task { id state assignee { id displayName } } }
    }
  `,
  variables: { id: before.id },
});
const after = nodes(await client.query({ ...queue, fetchPolicy: "cache-only" }))[0];
const byIdAfter = await client.query({ query: node, variables: { id: before.id }, fetchPolicy: "cache-only" });

const told = {
  shown,
  kept: nodes(kept).map(({ id }) => id),
  before: before.state,
  claimed: claimed.data.claimTask.status,
  after: [after.id === before.id, after.title === before.title, after.state, after.assignee.displayName],
  byId: [byId.data.node.state, byIdAfter.data.node.state],
};
console.log(JSON.stringify(told));
client.stop();
