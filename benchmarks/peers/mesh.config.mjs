// Composes the REST backend at $BACKEND into a supergraph for Hive Gateway.
import { defineConfig } from '@graphql-mesh/compose-cli';
import { loadJSONSchemaSubgraph } from '@omnigraph/json-schema';

const text = { type: 'string' };
const task = {
  type: 'object',
  title: 'Task',
  properties: {
    id: text,
    title: text,
    state: text,
    priorityScore: { type: 'integer' },
    dueAt: text,
    createdAt: text,
    assigneeId: text,
  },
};
const page = { type: 'object', title: 'TaskPage', properties: { nodes: { type: 'array', items: task } } };
const users = {
  type: 'array',
  items: { type: 'object', title: 'User', properties: { id: text, displayName: text, email: text } },
};

export const composeConfig = defineConfig({
  subgraphs: [
    {
      sourceHandler: loadJSONSchemaSubgraph('backend', {
        endpoint: process.env.BACKEND,
        operations: [
          {
            type: 'Query',
            field: 'tasks',
            path: '/tasks?first={args.first}',
            method: 'GET',
            argTypeMap: { first: { type: 'integer' } },
            responseSchema: page,
          },
          {
            type: 'Query',
            field: 'users',
            path: '/users',
            method: 'GET',
            argTypeMap: { id: { type: 'array', items: text } },
            queryParamArgMap: { id: 'id' },
            queryStringOptionsByParam: { id: { arrayFormat: 'repeat', destructObject: false } },
            responseSchema: users,
          },
        ],
      }),
    },
  ],
  // One call for the people of all rows; they come back in an order of their own.
  additionalTypeDefs: `
    extend type Task {
      assignee: User
        @resolveTo(
          sourceName: "backend"
          sourceTypeName: "Query"
          sourceFieldName: "users"
          requiredSelectionSet: "{ assigneeId }"
          keyField: "assigneeId"
          keysArg: "id"
          valueKeyField: "id"
        )
    }
  `,
});
