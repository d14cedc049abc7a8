// A flow from its start to its end, with everything that can be done to its tasks.
import { given, told, workflow } from './epilot_client.mjs';

const seen = {};
const contexts = [{ entity_id: 'a1b2', entity_schema: 'opportunity', is_primary: true }];
const start = (flow_template_id) => workflow.startFlowExecution(null, { flow_template_id, contexts, trigger: { type: 'MANUAL' } });
const read = (flow) => workflow.getFlowExecution({ execution_id: flow.id });
const at = (flow, name) => ({ execution_id: flow.id, task_id: flow.tasks.find((task) => task.name === name).id });
const patch = (flow, name, body) => workflow.patchTask(at(flow, name), body);
const current = (flow) => flow.crt_tasks.map(({ id }) => flow.tasks.find((task) => task.id === id).name);

const flow = await start('tpl_solar_installation');
const call = 'Call the customer';
seen.began = current(flow);
seen.executed = (await workflow.executeTask(at(flow, call))).status;
seen.assigned = (await patch(flow, call, { assigned_to: [given.alice, { variable: '{{x}}', value: [given.bob] }] })).assigned_to;
seen.due = (await patch(flow, call, { due_date: '2026-07-01T00:00:00.000' })).due_date;
seen.described = (await patch(flow, call, { name: call, description: { enabled: true, value: 'ö <b>' } })).description.value;
seen.paused = (await patch(flow, call, { status: 'ON_HOLD' })).status;
seen.done = (await patch(flow, call, { status: 'COMPLETED' })).status;
await patch(flow, 'Send the offer', { status: 'SKIPPED' });
seen.reverted = (await patch(flow, call, { status: 'PENDING', revert_execution: true })).status;
seen.again = current(await read(flow));
await patch(flow, call, { status: 'COMPLETED' });
const edge = (await read(flow)).edges[1];
const added = await workflow.addTask({ execution_id: flow.id }, {
  previous_task_id: edge.from_id, next_task_id: edge.to_id, task: { name: 'Look at the roof', task_type: 'MANUAL' },
});
seen.added = [added.name, added.manually_created];
for (const name of ['Send the offer', 'Look at the roof']) await patch(await read(flow), name, { status: 'COMPLETED' });
await patch(flow, 'What does the customer say?', { status: 'COMPLETED', next_condition_id: 'cond_tt_answer_declined' });
const archive = 'Archive the request';
seen.ran = (await workflow.runTaskScheduleNow(at(flow, archive))).status;
seen.reconciled = (await workflow.reconcileAutomationTask(at(flow, archive))).id === flow.id;
seen.phase = (await workflow.patchPhase({ execution_id: flow.id, phase_id: flow.phases[0].id }, { name: 'Sale', assigned_to: [given.bob] })).name;

const scheduled = async () => {
  const fresh = await start('tpl_solar_installation');
  await patch(fresh, call, { status: 'COMPLETED' });
  await patch(fresh, 'Send the offer', { status: 'COMPLETED' });
  await patch(fresh, 'What does the customer say?', { status: 'COMPLETED', next_condition_id: 'cond_tt_answer_declined' });
  return read(fresh);
};
const one = await scheduled();
await workflow.cancelTaskSchedule(at(one, archive));
const other = await scheduled();
const { schedule } = other.tasks.find((task) => task.name === archive);
await workflow.cancelSchedule({ execution_id: other.id, schedule_id: schedule.schedule_id });
seen.cancelled = [(await read(one)).status, (await read(other)).status];

seen.retried = (await workflow.runTaskAutomation(given.failed)).status;

const closing = await start('tpl_meter_exchange');
const [reason] = closing.closing_reason.configured_reasons;
const closed = await workflow.patchFlowExecution({ execution_id: closing.id }, {
  status: 'CLOSED', assigned_to: [given.alice], due_date: '2026-07-02T00:00:00.000',
  closing_reason: { selected_reasons: [reason], extra_description: 'twice' },
});
seen.closed = [closed.status, closed.closing_reason.selected_reasons.length, closed.tasks[0].status];
seen.reopened = (await workflow.patchFlowExecution({ execution_id: closing.id }, { status: 'STARTED' })).status;
await workflow.deleteFlowExecution({ execution_id: closing.id, soft: true });
seen.left = (await workflow.searchFlowExecutions(null, { entity_id: 'a1b2', entity_schema: 'opportunity' })).results.length;

told({ seen });
