// Version 1: a workflow with its steps.
import { given, told, workflow } from './epilot_client.mjs';

const contexts = [{ id: 'e/1 ü', title: 'Acme', schema: 'contact' }];
const made = await workflow.createExecution(null, { workflowId: 'rUqQv3Xd', trigger: 'AUTOMATIC', contexts });
const one = { executionId: made.id };
const listed = await workflow.getExecutions({ context: 'e/1 ü', schema: 'contact' });
const step = await workflow.createStep(one, { insertionIndex: 0, name: 'Ask again', sectionId: made.flow[0].id });
const done = await workflow.updateStep({ ...one, stepId: step.id }, { status: 'COMPLETED', assignedTo: [given.alice] });
const later = await workflow.updateStep({ ...one, stepId: step.id }, { position: { index: 1, sectionId: made.flow[0].id } });
const read = await workflow.getExecution(one);
await workflow.deleteStep({ ...one, stepId: step.id });
const { reasons } = await workflow.getClosingReasonExecution(one);
await workflow.updateExecution(one, { status: 'CLOSED', selectedClosingReasons: reasons.slice(0, 1), closedBy: given.alice });
const closed = await workflow.getExecution(one);
const searched = await workflow.searchExecutions(null, { name: 'lead', status: 'CLOSED' });
const steps = await workflow.searchSteps(null, { assignedTo: Number(given.alice), pagination: { from: 0, size: 50 } });
await workflow.deleteExecution(one);

told({
  listed: listed.map((each) => [each.id, each.flow[0].steps.length]),
  step: [done.status, done.assignedTo, later.name],
  order: read.flow[0].steps.map((each) => each.name),
  reasons: reasons.map((reason) => reason.title),
  closed: [closed.status, closed.selectedClosingReasons.length],
  searched: searched.executions.some((each) => each.id === made.id),
  steps: steps.hits,
  empty: await workflow.getExecution({ executionId: 'a/b c:d' }),
  gone: (await workflow.getExecutions({ context: 'e/1 ü' })).length,
});
