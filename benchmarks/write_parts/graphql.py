"""The documents that people send, and the names of verbs in them."""

MUTATIONS = {
    "CLAIM": "claimTask",
    "RELEASE": "releaseTask",
    "ASSIGN": "assignTask",
    "UNASSIGN": "unassignTask",
    "START": "startTask",
    "SUSPEND": "suspendTask",
    "RESUME": "resumeTask",
    "SAVE_DRAFT": "saveTaskDraft",
    "COMPLETE": "completeTask",
    "UPDATE_DUE": "updateTask",
    "UPDATE_PRIORITY": "updateTask",
    "UPDATE_DETAILS": "updateTask",
    "COMMENT": "addTaskComment",
    "CANCEL": "cancelTask",
    "SKIP": "cancelTask",
    "CREATE": "createTask",
    "START_FLOW": "startFlow",
    "SUSPEND_FLOW": "suspendFlow",
    "RESUME_FLOW": "resumeFlow",
    "CANCEL_FLOW": "cancelFlow",
}
INPUTS = {
    **dict.fromkeys(("releaseTask", "unassignTask", "startTask", "suspendTask", "resumeTask"), "TaskActionInput"),
    **dict.fromkeys(("suspendFlow", "resumeFlow"), "FlowActionInput"),
}
CAPABLE = "query ($key: [ID!]) { sources(ids: $key) { capabilities { action support } } }"
LISTED = """query ($source: ID!, $after: String) {
  tasks(first: 100, after: $after, filter: {source: {eq: $source}, isOpen: true}) {
    nodes { id native { nativeId } flow { id native { nativeId } definition { key } subjects { type nativeId } } } pageInfo { hasNextPage endCursor } } }"""
TASK = "query ($id: ID!) { task(id: $id) { isOpen assignee { id } priority permittedActions { action allowed } } }"
FORM = """query ($id: ID!) { task(id: $id) { outcomes { code }
  form { fields { key type required isReadOnly options { value } } } } }"""
FLOW = "query ($id: ID!) { flow(id: $id) { state } }"
BY_ID = "query ($id: ID!) { operation(id: $id) { status requestedAt settledAt } }"
FREE = """query ($source: ID!) { tasks(first: 100, filter: {source: {eq: $source}, state: {eq: READY}}) {
  nodes { id native { nativeId } candidateGroups { name } permittedActions { action allowed } } } }"""
SEEN = "query ($id: ID!) { task(id: $id) { state } }"
