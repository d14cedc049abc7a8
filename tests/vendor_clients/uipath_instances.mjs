// Every operation on process instances that the stand-in has.
import { given, instances, tasks, told } from './uipath_client.mjs';

const ids = (page) => page.items.map((each) => each.instanceId);
const first = await instances.getAll({ pageSize: 4 });
const second = await instances.getAll({ pageSize: 4, cursor: first.nextCursor });
const one = await instances.getById(given.instance, given.folderKey);

const facts = {
  pages: [ids(first), ids(second)],
  hasNextPage: first.hasNextPage,
  ofPackage: [...new Set((await instances.getAll({ packageId: one.packageId, pageSize: 500 })).items.map((each) => each.packageId))],
  ofProcess: [...new Set((await instances.getAll({ processKey: one.processKey })).items.map((each) => each.processKey))],
  ofError: (await instances.getAll({ errorCode: '170002', pageSize: 500 })).items.map((each) => each.latestRunStatus),
  one: [one.instanceId, one.latestRunStatus, one.folderKey, typeof one.startedTime, one.completedTime],
  paused: await one.pause({ comment: 'wait' }),
};
facts.afterPause = (await instances.getById(given.instance, given.folderKey)).latestRunStatus;
facts.resumed = await instances.resume(given.instance, given.folderKey);
facts.afterResume = (await instances.getById(given.instance, given.folderKey)).latestRunStatus;
facts.cancelled = await instances.cancel(given.instance, given.folderKey, { comment: 'no longer needed' });
facts.afterCancel = (await instances.getById(given.instance, given.folderKey)).latestRunStatus;
facts.tasks = (await tasks.getAll({ filter: `CreatorJobKey eq ${given.instance}` })).items.map((task) => task.isDeleted);
told(facts);
