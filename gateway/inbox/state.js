// What the page knows: signals, and what changes them. Views read the signals and are drawn again when these change.
import { batch, computed, effect, signal } from "@preact/signals";
import { ORDERS, change, filterOf, open, openId, view } from "./address.js";
import { isRefused, send } from "./graph.js";
import * as operations from "./operations.js";
import { t } from "./words.js";

// The gateway refuses answers of more than 4,500 fields, of which a row has 53 (`answer_fields`).
const PAGE = 75;
const FIRST_PAGE = 50;

export const viewer = signal(null);
export const sources = signal([]);
export const counts = signal(null);
/** Kinds of tasks for the filter: [{value, label}]; null until they are asked for. */
export const kinds = signal(null);

/** The rows that are loaded, in the order of the list. */
export const rows = signal([]);
/** What the list told with its rows. */
export const list = signal({ phase: "loading", error: null, hasMore: false, cursor: null, total: null, accuracy: "EXACT", reports: [] });
/** Whether another list is on its way, while the old one is still shown. */
export const isBusy = signal(false);
/** Ids of tasks that have come into the list since it was read. */
export const fresh = signal(new Set());
/** Ids of rows that have left the list since it was read. They stay in their place until the list is read again. */
export const gone = signal(new Set());
export const selected = signal(new Set());
/** The row that the keyboard is on. */
export const active = signal(0);
/** The open task: {id, task, phase, error}. */
export const detail = signal(null);
/** A short text for all, also for screen readers. */
export const said = signal({ text: "", n: 0, isQuiet: false });
/** The dialog that is open: {name, ...}; null if none is. */
export const dialog = signal(null);

export const activeTask = computed(() => rows.value[active.value] ?? null);

/** `isQuiet`: for screen readers only. */
export function say(text, { isQuiet = false } = {}) {
  said.value = { text, n: said.value.n + 1, isQuiet };
}

let reading = 0;

const asked = (first, after, freshness) => ({
  scope: view.value.scope,
  filter: filterOf(view.value),
  orderBy: ORDERS[view.value.order],
  first,
  after,
  freshness,
});

const told = (inbox) => ({
  phase: "ready",
  error: null,
  hasMore: inbox.pageInfo.hasNextPage,
  cursor: inbox.pageInfo.endCursor,
  total: inbox.totalCount,
  accuracy: inbox.totalAccuracy,
  isComplete: inbox.isComplete,
  reports: inbox.sources,
});

/** Reads the list from its start. `freshness` FRESH asks the systems again. */
export async function loadList({ freshness = "CACHED" } = {}) {
  const mine = ++reading;
  isBusy.value = true;
  try {
    const { viewer: read } = await send(operations.List, asked(FIRST_PAGE, null, freshness));
    if (mine !== reading) return;
    batch(() => {
      rows.value = read.inbox.nodes;
      list.value = told(read.inbox);
      fresh.value = new Set();
      gone.value = new Set();
      selected.value = new Set();
      active.value = Math.max(0, read.inbox.nodes.findIndex(({ id }) => id === openId.value));
    });
  } catch (error) {
    if (mine !== reading || isRefused.value) return;
    // Rows that are there are better than none.
    list.value = { ...list.value, phase: rows.value.length && error.code === "OFFLINE" ? "ready" : "error", error };
  } finally {
    if (mine === reading) isBusy.value = false;
  }
}

export const isLoadingMore = signal(false);

/** The next page, if there is one. */
export async function loadMore() {
  if (isLoadingMore.value || !list.value.hasMore || isBusy.value) return;
  isLoadingMore.value = true;
  const mine = reading;
  try {
    const { viewer: read } = await send(operations.List, asked(PAGE, list.value.cursor, "CACHED"));
    if (mine !== reading) return;
    const known = new Set(rows.value.map(({ id }) => id));
    batch(() => {
      rows.value = [...rows.value, ...read.inbox.nodes.filter(({ id }) => !known.has(id))];
      list.value = told(read.inbox);
    });
  } catch (error) {
    if (mine === reading) list.value = { ...list.value, hasMore: false, isCut: true, error };
  } finally {
    isLoadingMore.value = false;
  }
}

/** Compares the list with what the gateway has now. Rows change in their place; what is new waits for the person. */
export async function compareList() {
  const mine = reading;
  try {
    const shown = Math.min(Math.max(rows.value.length, FIRST_PAGE), PAGE);
    const { viewer: read } = await send(operations.List, asked(shown, null, "CACHED"));
    if (mine !== reading) return;
    const now = new Map(read.inbox.nodes.map((task) => [task.id, task]));
    const before = new Set(rows.value.map(({ id }) => id));
    // Below the last row that was read again nothing is known.
    const isWhole = !read.inbox.pageInfo.hasNextPage;
    const isFirst = before.size === 0 && now.size > 0;
    // Rows that could not be read stay told until the list is read again.
    const error = list.value.isCut ? list.value.error : null;
    batch(() => {
      if (isFirst) rows.value = read.inbox.nodes;
      else rows.value = rows.value.map((task) => now.get(task.id) ?? task);
      list.value = { ...list.value, error, phase: "ready", reports: read.inbox.sources, total: read.inbox.totalCount, accuracy: read.inbox.totalAccuracy };
      if (isFirst) return;
      const ids = [...now.keys()].filter((id) => !before.has(id));
      fresh.value = new Set([...fresh.value].filter((id) => now.has(id)).concat(isWhole || before.size <= shown ? ids : []));
      if (isWhole) gone.value = new Set([...before].filter((id) => !now.has(id)));
    });
  } catch {
    // The next comparison tells.
  }
}

/** Another state of a task, wherever it is shown. */
export function patch(task) {
  if (!task) return;
  batch(() => {
    if (rows.value.some(({ id }) => id === task.id)) rows.value = rows.value.map((each) => (each.id === task.id ? { ...each, ...task } : each));
    if (detail.value?.task?.id === task.id) detail.value = { ...detail.value, task: { ...detail.value.task, ...task } };
  });
}

let countsTimer = null;

/** Reads the numbers of the tabs, once for several changes. */
export function loadCounts(delay = 300) {
  clearTimeout(countsTimer);
  countsTimer = setTimeout(async () => {
    try {
      counts.value = (await send(operations.Counts)).viewer;
    } catch {
      // The numbers before stay.
    }
  }, delay);
}

export async function loadSources() {
  try {
    sources.value = (await send(operations.Sources)).sources;
  } catch {
    // live.js tells that the gateway is away.
  }
}

export async function loadKinds() {
  if (kinds.value) return;
  try {
    const { viewer: read } = await send(operations.Definitions);
    const found = read.taskStats.buckets.map(({ keys: [key], count }) => ({ value: key.value, label: key.label ?? key.value, count }));
    kinds.value = found.filter(({ value }) => value);
  } catch {
    kinds.value = null;
  }
}

/** The open task's details. `isQuiet` keeps what is shown until the answer is there. */
export async function loadDetail({ isQuiet = false, freshness = "CACHED" } = {}) {
  const id = openId.value;
  if (!id) {
    detail.value = null;
    return;
  }
  const known = rows.value.find((each) => each.id === id);
  if (!isQuiet || detail.value?.id !== id) detail.value = { id, task: known ?? null, phase: "loading", error: null };
  try {
    const data = await send(operations.Detail, { id, freshness });
    if (openId.value !== id) return;
    const missing = data.errors.map(({ path, message }) => ({ field: path?.[1], message }));
    if (!data.task && isQuiet && detail.value?.task) {
      // The person does not see it any more, for example after assigning it: what was there stays, without buttons.
      detail.value = { ...detail.value, phase: "left", task: { ...detail.value.task, permittedActions: [], lastWrite: null } };
      gone.value = new Set([...gone.value, id]);
      return;
    }
    detail.value = data.task ? { id, task: data.task, phase: "ready", error: null, missing } : { id, task: null, phase: "absent", error: null };
    if (data.task) patchRow(data.task);
  } catch (error) {
    if (openId.value !== id || isRefused.value) return;
    detail.value = { ...detail.value, phase: detail.value?.phase === "ready" ? "ready" : "error", error };
  }
}

function patchRow(task) {
  if (rows.value.some(({ id }) => id === task.id)) rows.value = rows.value.map((each) => (each.id === task.id ? { ...each, ...task } : each));
}

/** Whether the task that is opened next gets the focus. */
export const wantsFocus = { value: false };

/** Opens the row's task beside the list. `focus`: screen readers go on there; with j and k the list keeps the focus. */
export function openRow(index, { focus = false } = {}) {
  const task = rows.value[index];
  if (!task) return;
  active.value = index;
  wantsFocus.value = focus;
  open(task.id);
}

export function closeTask() {
  open(null);
}

export function toggle(id) {
  const next = new Set(selected.value);
  if (!next.delete(id)) next.add(id);
  selected.value = next;
}

/** Who signs in sees the list, in the view of the address; another view reads it again. */
export async function start() {
  const [begun] = await Promise.all([send(operations.Start), loadList()]);
  batch(() => {
    viewer.value = begun.viewer;
    sources.value = begun.sources;
  });
  loadCounts(0);
  let last = JSON.stringify(view.value);
  effect(() => {
    const now = JSON.stringify(view.value);
    if (now === last) return;
    last = now;
    loadList();
  });
  effect(() => {
    if (openId.value !== (detail.peek()?.id ?? null)) loadDetail();
  });
}

/** Forgets the person before, and starts with the next one. */
export async function restart() {
  batch(() => {
    viewer.value = counts.value = kinds.value = null;
    rows.value = [];
    list.value = { ...list.value, phase: "loading", error: null, reports: [] };
    change({});
  });
  open(null);
  const begun = send(operations.Start);
  await loadList();
  const { viewer: now, sources: all } = await begun;
  batch(() => {
    viewer.value = now;
    sources.value = all;
  });
  loadCounts(0);
  say(t("said.person", { name: now.user.displayName }));
}
