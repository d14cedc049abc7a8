// Scope, filters, order and the open task in the page's address, so that a view can be shared; named views in the browser.
import { computed, signal } from "@preact/signals";

export const SCOPES = ["MINE", "CLAIMABLE", "MY_GROUPS", "ALL_VISIBLE"];
export const ORDERS = {
  due: [{ field: "DUE_AT", direction: "ASC" }, { field: "PRIORITY", direction: "DESC" }],
  priority: [{ field: "PRIORITY", direction: "DESC" }, { field: "DUE_AT", direction: "ASC" }],
  newest: [{ field: "CREATED_AT", direction: "DESC" }],
  oldest: [{ field: "CREATED_AT", direction: "ASC" }],
  updated: [{ field: "UPDATED_AT", direction: "DESC" }],
  followup: [{ field: "FOLLOW_UP_AT", direction: "ASC" }],
  completed: [{ field: "COMPLETED_AT", direction: "DESC" }],
  title: [{ field: "TITLE", direction: "ASC" }],
  state: [{ field: "STATE", direction: "ASC" }, { field: "DUE_AT", direction: "ASC" }],
  system: [{ field: "SOURCE", direction: "ASC" }, { field: "DUE_AT", direction: "ASC" }],
};
export const STATES = ["READY", "RESERVED", "IN_PROGRESS", "SUSPENDED", "UNKNOWN", "COMPLETED", "CANCELED", "SKIPPED", "FAILED"];
export const PRIORITIES = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];
export const DUES = ["overdue", "today", "week", "none"];
/** Members of the address that choose several values. */
export const CHOICES = ["system", "state", "priority", "due", "kind"];

const KEPT = "taskgate:views";
const EMPTY = { scope: "MINE", order: "due", q: "", system: [], state: [], priority: [], due: [], kind: [] };

function read() {
  const asked = new URLSearchParams(location.search);
  const found = { ...EMPTY };
  if (SCOPES.includes(asked.get("scope"))) found.scope = asked.get("scope");
  if (asked.get("order") in ORDERS) found.order = asked.get("order");
  found.q = asked.get("q") ?? "";
  for (const name of CHOICES) found[name] = asked.getAll(name);
  return found;
}

/** The scope, filters and order of the list. */
export const view = signal(read());
/** The id of the open task; null if none is open. */
export const openId = signal(new URLSearchParams(location.search).get("task"));

function search(chosen, task) {
  const told = new URLSearchParams();
  if (chosen.scope !== EMPTY.scope) told.set("scope", chosen.scope);
  if (chosen.order !== EMPTY.order) told.set("order", chosen.order);
  if (chosen.q.trim()) told.set("q", chosen.q.trim());
  for (const name of CHOICES) for (const each of chosen[name]) told.append(name, each);
  if (task) told.set("task", task);
  return told.size ? `?${told}` : location.pathname;
}

/** The address of a task in the present view, for links. */
export const addressOf = (id) => search(view.value, id);

export function change(changes) {
  view.value = { ...view.value, ...changes };
  history.replaceState(null, "", search(view.value, openId.value));
}

export function open(id) {
  if (id === openId.value) return;
  openId.value = id;
  history.pushState(null, "", search(view.value, id));
}

addEventListener("popstate", () => {
  view.value = read();
  openId.value = new URLSearchParams(location.search).get("task");
});

export const isFiltered = computed(() => Boolean(view.value.q.trim()) || CHOICES.some((name) => view.value[name].length));
export const clearFilters = () => change({ ...EMPTY, scope: view.value.scope, order: view.value.order });

const endOfDay = (days) => {
  const end = new Date();
  end.setHours(24 * (days + 1), 0, 0, 0);
  return end.toISOString();
};
const DUE_FILTERS = {
  overdue: () => ({ isOverdue: true }),
  today: () => ({ dueAt: { gte: new Date().toISOString(), lt: endOfDay(0) } }),
  week: () => ({ dueAt: { gte: new Date().toISOString(), lt: endOfDay(6) } }),
  none: () => ({ dueAt: { isNull: true } }),
};

/** The graph's filter for a view; undefined if the view has none. */
export function filterOf(chosen) {
  const filter = {};
  if (chosen.q.trim()) filter.text = chosen.q.trim();
  if (chosen.system.length) filter.sourceKey = { in: chosen.system };
  if (chosen.state.length) filter.state = { in: chosen.state.filter((each) => STATES.includes(each)) };
  if (chosen.priority.length) filter.priority = { in: chosen.priority.filter((each) => PRIORITIES.includes(each)) };
  if (chosen.kind.length) filter.definitionKey = { in: chosen.kind };
  const dues = chosen.due.filter((each) => each in DUE_FILTERS).map((each) => DUE_FILTERS[each]());
  if (dues.length === 1) Object.assign(filter, dues[0]);
  else if (dues.length) filter.or = dues;
  return Object.keys(filter).length ? filter : undefined;
}

/** Named views: [{name, search}], kept in this browser. */
export const savedViews = signal(kept());

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each?.name === "string" && typeof each?.search === "string") : [];
  } catch {
    return [];
  }
}

export function saveView(name) {
  const others = savedViews.value.filter((each) => each.name !== name);
  savedViews.value = [...others, { name, search: search(view.value, null) }];
  localStorage.setItem(KEPT, JSON.stringify(savedViews.value));
}

export function forgetView(name) {
  savedViews.value = savedViews.value.filter((each) => each.name !== name);
  localStorage.setItem(KEPT, JSON.stringify(savedViews.value));
}

export function showView(saved) {
  history.pushState(null, "", saved.search);
  view.value = read();
  openId.value = null;
}
