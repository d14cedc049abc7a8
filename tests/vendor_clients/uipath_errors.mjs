// What the client makes of the stand-in's refusals. `/__sandbox__` is the stand-in's control interface.
import { TaskType, Tasks } from '@uipath/uipath-typescript/tasks';
import { given, instances, signedIn, tasks, told, tried } from './uipath_client.mjs';

const control = (name, body) =>
  fetch(`${given.url}/__sandbox__/${name}`, { method: 'POST', body: JSON.stringify(body) });
const none = '11111111-2222-4333-8444-555555555555';

const facts = {
  badToken: await tried(() => new Tasks(signedIn('nobody')).getAll()),
  badFilter: await tried(() => tasks.getAll({ filter: 'Colour eq 1' })),
  noTask: await tried(() => tasks.getById(999999999)),
  noFolder: await tried(() => tasks.create({ title: 'x' }, 4711)),
  noTitle: await tried(() => tasks.create({ title: '' }, 828)),
  notMine: await tried(() => tasks.complete({ type: TaskType.Form, taskId: given.form, action: 'Approve', data: {} }, 828)),
  wrongPath: await tried(() => tasks.complete({ type: TaskType.External, taskId: given.form }, 828)),
  wrongFolder: await tried(() => tasks.complete({ type: TaskType.Form, taskId: given.form, action: 'A', data: {} }, 1204)),
  readOnly: await tried(() => new Tasks(signedIn(given.reader)).unassign(given.form)),
  noInstance: await tried(() => instances.getById(none, given.folderKey)),
  noFolderKey: await tried(() => instances.getById(none, '')),
  pageTooLarge: await tried(() => instances.getAll({ pageSize: 600 })),
};
await control('faults', { kind: 'status', status: 503, body: '<html>' });
facts.away = await tried(() => tasks.getAll());
await control('faults', { kind: 'reset_before' });
facts.cut = await tried(() => tasks.getAll());
await control('rate-limit', { limit: 1, window_ms: 60000 });
await tasks.getUsers(828);
facts.tooMany = await tried(() => tasks.getAll());
told(facts);
