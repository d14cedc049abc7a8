// Every read of tasks and users, with every option.
import { TaskType } from '@uipath/uipath-typescript/tasks';
import { given, tasks, told } from './uipath_client.mjs';

const ids = (page) => page.items.map((task) => task.id);
const small = `Id lt ${Number.MAX_SAFE_INTEGER}`;
const page = { filter: small, orderby: 'CreationTime desc,Id desc', pageSize: 7 };

const first = await tasks.getAll(page);
const second = await tasks.getAll({ ...page, cursor: first.nextCursor });
const back = await tasks.getAll({ ...page, cursor: second.previousCursor });
const third = await tasks.getAll({ ...page, jumpToPage: 3 });
const open = await tasks.getAll({ filter: "Status ne 'Completed' and IsDeleted eq false" });

const byType = {};
for (const [type, id] of Object.entries(given.byType)) {
  const { folderId, ...task } = await tasks.getById(id);
  const again = await tasks.getById(id, { taskType: type }, folderId);
  byType[type] = {
    id: task.id, type: task.type, status: task.status, folderId, same: again.id === id,
    createdTime: task.createdTime, data: task.data, formLayout: task.formLayout, app: task.appTasksMetadata?.appType,
    methods: [task.assign, task.reassign, task.unassign, task.complete].every((method) => typeof method === 'function'),
  };
}
const withMore = await tasks.getAll({
  filter: `Id eq ${given.allUsers}`, expand: 'TaskAssignments($expand=Assignee),Activities', pageSize: 1,
});
const [row] = withMore.items;

told({
  all: (await tasks.getAll()).items.length,
  pages: [ids(first), ids(second), ids(third)],
  back: ids(back),
  totals: [first.totalCount, first.totalPages, first.currentPage, first.hasNextPage, first.supportsPageJump],
  open: [...new Set(open.items.map((task) => task.status))].sort(),
  inFolder: [...new Set((await tasks.getAll({ folderId: 828, filter: small })).items.map((task) => task.folderId))],
  asAdmin: (await tasks.getAll({ asTaskAdmin: true, pageSize: 3 })).totalCount,
  selected: Object.keys((await tasks.getAll({ select: 'Id,Title', expand: '', pageSize: 1 })).items[0])
    .filter((name) => !['assign', 'reassign', 'unassign', 'complete'].includes(name)),
  ofJob: ids(await tasks.getAll({ filter: `CreatorJobKey eq ${given.job}`, pageSize: 10 })),
  external: ids(await tasks.getAll({ filter: `Type eq '${TaskType.External}' and ${small}` })),
  assignments: [row.status, row.assignedToUser, row.taskAssignments.map(({ assignee }) => [assignee.id, assignee.type]), row.activities[0].activityType],
  due: row.taskSlaDetail?.expiryTime ?? null,
  byType,
  users: (await tasks.getUsers(828)).items.map((user) => [user.id, user.type, user.displayName]),
  named: (await tasks.getUsers(828, { filter: "name eq 'Alice'" })).items.map((user) => user.emailAddress),
  userPage: (await tasks.getUsers(828, { pageSize: 2 })).totalCount,
});
