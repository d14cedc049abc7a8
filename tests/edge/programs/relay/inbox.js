// Documents of a program with Relay: one paged list, each type refetched by its id, a write. Read by relay-compiler.
import { graphql } from "relay-runtime";

graphql`
  query inboxQuery($count: Int!, $cursor: String) {
    viewer {
      ...inboxTasks_viewer
    }
  }
`;
graphql`
  fragment inboxTasks_viewer on Viewer @refetchable(queryName: "inboxPaginationQuery") {
    inbox(scope: CLAIMABLE, first: $count, after: $cursor) @connection(key: "inboxTasks_inbox") {
      totalCount
      edges {
        node {
          id
          state
          flow {
            id
            definition {
              id
            }
          }
          ...inboxTask_task
        }
      }
    }
  }
`;
graphql`
  fragment inboxTask_task on Task @refetchable(queryName: "inboxTaskRefetchQuery") {
    title
    state
    source {
      ...inboxSource_source
    }
    definition {
      id
    }
    flow {
      ...inboxFlow_flow
    }
    comments(first: 5) {
      edges {
        node {
          ...inboxComment_comment
        }
      }
    }
  }
`;
graphql`
  fragment inboxSource_source on Source @refetchable(queryName: "inboxSourceRefetchQuery") {
    name
  }
`;
graphql`
  fragment inboxFlow_flow on Flow @refetchable(queryName: "inboxFlowRefetchQuery") {
    name
    definition {
      ...inboxFlowDefinition_definition
    }
  }
`;
graphql`
  fragment inboxFlowDefinition_definition on FlowDefinition @refetchable(queryName: "inboxFlowDefinitionRefetchQuery") {
    name
  }
`;
graphql`
  fragment inboxTaskDefinition_definition on TaskDefinition @refetchable(queryName: "inboxTaskDefinitionRefetchQuery") {
    name
  }
`;
graphql`
  fragment inboxComment_comment on Comment @refetchable(queryName: "inboxCommentRefetchQuery") {
    text
  }
`;
graphql`
  fragment inboxUser_user on User @refetchable(queryName: "inboxUserRefetchQuery") {
    displayName
  }
`;
graphql`
  fragment inboxGroup_group on Group @refetchable(queryName: "inboxGroupRefetchQuery") {
    name
    members(first: 5) {
      edges {
        node {
          id
        }
      }
    }
  }
`;
graphql`
  query inboxListsQuery {
    sources {
      id
    }
    flows(first: 5) @connection(key: "inboxLists_flows") {
      edges {
        node {
          id
        }
      }
    }
    taskDefinitions(first: 5) @connection(key: "inboxLists_taskDefinitions") {
      edges {
        node {
          id
        }
      }
    }
    users(first: 5) @connection(key: "inboxLists_users") {
      edges {
        node {
          id
        }
      }
    }
    groups(first: 5) @connection(key: "inboxLists_groups") {
      edges {
        node {
          id
        }
      }
    }
  }
`;
graphql`
  query inboxCommentsQuery($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Task {
        comments(first: 5) @connection(key: "inboxComments_comments") {
          edges {
            node {
              id
            }
          }
        }
      }
    }
  }
`;
graphql`
  mutation inboxClaimMutation($input: ClaimTaskInput!) {
    claimTask(input: $input) {
      status
      task {
        id
        state
      }
    }
  }
`;
