// Every write of tasks, by the service's methods and by those attached to a task.
import { TaskPriority, TaskType } from '@uipath/uipath-typescript/tasks';
import { given, tasks, told } from './uipath_client.mjs';

const { alice, bob } = given;
const facts = {};
const state = async (id) => {
  const { items: [task] } = await tasks.getAll({ filter: `Id eq ${id}`, pageSize: 1 });
  return [task.status, task.assignedToUser?.id ?? null, task.action];
};

const made = await tasks.create({ title: 'Count the stock', data: { Shelf: 'A-7' }, priority: TaskPriority.High }, 828);
const other = await tasks.create({ title: 'Count it again' }, 828);
facts.made = [made.title, made.status, made.type, made.priority, made.data, made.folderId];

facts.assigned = [await tasks.assign({ taskId: made.id, userId: alice }), await state(made.id)];
facts.claimLost = await tasks.assign({ taskId: made.id, userId: bob });
facts.some = await tasks.assign([
  { taskId: other.id, userNameOrEmail: 'bob@example.com' },
  { taskId: 999999999, userId: bob },
]);
facts.others = await state(other.id);
facts.reassigned = [await tasks.reassign([{ taskId: made.id, userId: bob }]), await state(made.id)];
facts.unassigned = [await tasks.unassign([made.id, other.id]), await state(made.id)];
facts.notAssigned = await tasks.unassign(made.id);
facts.completed = [
  await tasks.complete({ type: TaskType.External, taskId: made.id, action: 'Counted', data: { Found: 12 } }, 828),
  await state(made.id), (await tasks.getById(made.id)).data,
];

const attached = await tasks.getById(other.id);
facts.attached = [
  (await attached.assign({ userNameOrEmail: 'carol@example.com' })).success,
  (await attached.reassign({ userId: alice })).success,
  (await attached.unassign()).success,
  (await attached.complete({ type: TaskType.External })).success,
  await state(other.id),
];

for (const [name, type, id] of [['form', TaskType.Form, given.form], ['app', TaskType.App, given.app]]) {
  const task = await tasks.getById(id);
  await task.reassign({ userId: given.self });
  await task.complete({ type, action: 'Approve', data: { note: 'fine' } });
  facts[name] = [await state(id), (await tasks.getById(id)).data];
}
told({ ...facts, ids: [made.id, other.id] });
