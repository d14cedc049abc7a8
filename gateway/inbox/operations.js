// Every operation that the page sends. tests/gateway/test_inbox.py checks them against schema/schema.graphql.

const ROW = /* GraphQL */ `
  fragment Row on Task {
    id title state isOpen isOverdue isEscalated dueAt createdAt priority pendingTransition version
    source { id key name vendor }
    assignee { id displayName }
    candidateGroups { id name }
    definition { key name }
    subjects { type label nativeId isPrimary }
    businessKey
  }
`;

const HEALTH = /* GraphQL */ `
  fragment Health on SourceResult {
    source { id key name vendor }
    status count fetchedAt truncated note
    error { code message retryAt }
  }
`;

const FIELD = /* GraphQL */ `
  fragment Shape on FormField {
    key label type nativeType required value defaultValue description isReadOnly isDisabled isConditional condition
    isMultiple isMultiline minimum maximum step minLength maxLength minItems maxItems pattern group
    options { value rawValue label }
  }
`;

const WRITE = /* GraphQL */ `
  fragment Written on TaskPayload {
    status effect operationId
    errors { code message field retryAt alternatives source { name } }
    task { ...Row completedAt outcome permittedActions { action allowed support reason } }
  }
`;

/** Who the person is, and which systems there are. */
export const Start = /* GraphQL */ `
  query Start {
    viewer { user { id displayName email } identities { source { key } } }
    sources { id key name vendor status statusReason lastSuccessAt }
  }
`;

export const List = /* GraphQL */ `
  query List($scope: InboxScope!, $filter: TaskFilter, $orderBy: [TaskOrder!], $first: Int!, $after: String, $freshness: Freshness) {
    viewer {
      inbox(scope: $scope, filter: $filter, orderBy: $orderBy, first: $first, after: $after, freshness: $freshness) {
        nodes { ...Row }
        totalCount totalAccuracy isComplete
        pageInfo { hasNextPage endCursor }
        sources { ...Health }
      }
    }
  }
  ${ROW} ${HEALTH}
`;

/** The numbers on the tabs. */
export const Counts = /* GraphQL */ `
  query Counts($freshness: Freshness) {
    viewer {
      MINE: taskStats(scope: MINE, groupBy: [], freshness: $freshness) { total accuracy overdue }
      CLAIMABLE: taskStats(scope: CLAIMABLE, groupBy: [], freshness: $freshness) { total accuracy overdue }
      MY_GROUPS: taskStats(scope: MY_GROUPS, groupBy: [], freshness: $freshness) { total accuracy overdue }
      ALL_VISIBLE: taskStats(scope: ALL_VISIBLE, groupBy: [], freshness: $freshness) { total accuracy overdue }
    }
  }
`;

/** Answered from memory, without a request to a system. */
export const Sources = /* GraphQL */ `
  query Sources {
    sources { id key name vendor status statusReason lastSuccessAt }
  }
`;

/** The kinds of tasks that the person sees, for the filter. */
export const Definitions = /* GraphQL */ `
  query Definitions {
    viewer { taskStats(groupBy: [DEFINITION]) { buckets { keys { value label } count } } }
  }
`;

export const Detail = /* GraphQL */ `
  query Detail($id: ID!, $freshness: Freshness) {
    task(id: $id, freshness: $freshness) {
      ...Row
      description stateReason isActionable priorityScore startedAt updatedAt followUpAt completedAt outcome url fetchedAt kind
      completedBy { displayName }
      candidateUsers { id displayName }
      tags { name value label }
      form { kind url fields { ...Shape fields { ...Shape } } }
      outcomes { code label nature data comment }
      data
      previousSteps { name completedAt outcome completedBy { displayName } }
      comments(first: 50) { nodes { id text createdAt author { displayName } } }
      activities(first: 50) { nodes { at type nativeType message actor { displayName } target { displayName } } }
      flow { id name state hasIncident url }
      lastWrite { action status at error { code message } }
      permittedActions { action allowed support reason }
      native { nativeId state }
    }
  }
  ${ROW} ${FIELD}
`;

export const People = /* GraphQL */ `
  query People($search: String!, $task: ID, $source: ID) {
    users(search: $search, assignableTo: $task, first: 20) {
      nodes { id displayName email source { name } }
      sources { source { name } status error { message } }
    }
    groups(search: $search, source: $source, first: 10) { nodes { id name } }
  }
`;

/** The result of a write that was not clear, or not yet known. */
export const Operation = /* GraphQL */ `
  query Operation($id: ID!) {
    operation(id: $id) {
      status settledAt
      errors { code message field source { name } }
      task { ...Row completedAt outcome permittedActions { action allowed support reason } }
    }
  }
  ${ROW}
`;

export const Claim = /* GraphQL */ `
  mutation Claim($input: ClaimTaskInput!) { write: claimTask(input: $input) { ...Written } }
  ${WRITE} ${ROW}
`;

export const Release = /* GraphQL */ `
  mutation Release($input: TaskActionInput!) { write: releaseTask(input: $input) { ...Written } }
  ${WRITE} ${ROW}
`;

export const Assign = /* GraphQL */ `
  mutation Assign($input: AssignTaskInput!) { write: assignTask(input: $input) { ...Written } }
  ${WRITE} ${ROW}
`;

export const Complete = /* GraphQL */ `
  mutation Complete($input: CompleteTaskInput!) { write: completeTask(input: $input) { ...Written } }
  ${WRITE} ${ROW}
`;

export const SaveDraft = /* GraphQL */ `
  mutation SaveDraft($input: SaveTaskDraftInput!) { write: saveTaskDraft(input: $input) { ...Written } }
  ${WRITE} ${ROW}
`;

export const Update = /* GraphQL */ `
  mutation Update($input: UpdateTaskInput!) { write: updateTask(input: $input) { ...Written } }
  ${WRITE} ${ROW}
`;

export const Comment = /* GraphQL */ `
  mutation Comment($input: AddTaskCommentInput!) { write: addTaskComment(input: $input) { ...Written } }
  ${WRITE} ${ROW}
`;

export const Cancel = /* GraphQL */ `
  mutation Cancel($input: CancelTaskInput!) { write: cancelTask(input: $input) { ...Written } }
  ${WRITE} ${ROW}
`;

export const TakeNext = /* GraphQL */ `
  mutation TakeNext($input: TakeNextTaskInput!) { write: takeNextTask(input: $input) { ...Written } }
  ${WRITE} ${ROW}
`;

const VERDICT = /* GraphQL */ `
  fragment Verdict on BulkTaskPayload { results { status effect errors { code message } } }
`;

/** What each way to cancel would do. Dry runs: nothing is written. */
export const CancelWays = /* GraphQL */ `
  mutation CancelWays($ids: [ID!]!) {
    NATIVE: bulkTaskAction(input: { taskIds: $ids, action: CANCEL, allowCancel: [NATIVE], dryRun: true }) { ...Verdict }
    SKIP: bulkTaskAction(input: { taskIds: $ids, action: CANCEL, allowCancel: [SKIP], dryRun: true }) { ...Verdict }
    DELETE_TASK: bulkTaskAction(input: { taskIds: $ids, action: CANCEL, allowCancel: [DELETE_TASK], dryRun: true }) { ...Verdict }
    CANCEL_FLOW: bulkTaskAction(input: { taskIds: $ids, action: CANCEL, allowCancel: [CANCEL_FLOW], dryRun: true }) { ...Verdict }
  }
  ${VERDICT}
`;

/** Many tasks at once; with \`dryRun\` only the verdicts. */
export const Bulk = /* GraphQL */ `
  mutation Bulk($input: BulkTaskActionInput!) {
    bulkTaskAction(input: $input) {
      dryRun
      summary { applied pending rejected unknown }
      results { taskId status effect operationId errors { code message retryAt source { name } } task { ...Row } }
    }
  }
  ${ROW}
`;

export const Changed = /* GraphQL */ `
  subscription Changed($scope: InboxScope!, $filter: TaskFilter) {
    inboxChanged(scope: $scope, filter: $filter) { kind taskId task { ...Row } }
  }
  ${ROW}
`;
