// All writes, and what becomes of them. A write is sent once; what is not clear is followed by its operation.
import { signal } from "@preact/signals";
import { ORDERS, filterOf, open, openId, view } from "./address.js";
import { key, send } from "./graph.js";
import * as operations from "./operations.js";
import { detail, gone, loadCounts, loadDetail, patch, say } from "./state.js";
import { t, word } from "./words.js";

/** The last write of each task: {action, status, errors, effect, isFollowed}. */
export const results = signal(new Map());
/** What is under way: "<action> <task>". */
export const busy = signal(null);

const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const CLOSED = new Set(["COMPLETED", "CANCELED", "SKIPPED", "FAILED"]);

function note(id, result) {
  const next = new Map(results.value);
  if (result) next.set(id, result);
  else next.delete(id);
  results.value = next;
}

export const dismiss = (id) => note(id, null);

/** "Camunda 8: ..." for an error of a write. */
export const errorText = (error) => (error.source ? `${error.source.name}: ${error.message}` : error.message);

/** What became of a write, such as "Claimed" or "Not done: claim". */
export const resultText = (action, status) => (status === "APPLIED" ? word("applied", action) : t(`write.${status}`, { action: word("done", action) }));

function announce(action, result, id) {
  const text = resultText(action, result.status);
  // With the task open its own bar shows this too: then only screen readers are told here.
  say([text, ...result.errors.map(errorText)].join(". "), { isQuiet: openId.peek() === id });
}

async function run(action, id, document, input) {
  const doing = `${action} ${id}`;
  if (busy.value) return null;
  busy.value = doing;
  note(id, null);
  try {
    const { write } = await send(document, { input: { ...input, idempotencyKey: key() } });
    settle(action, id, write);
    return write;
  } catch (error) {
    // Without an answer it is not known whether the gateway got the request.
    const result = { action, status: error.code === "OFFLINE" ? "UNSENT" : "REJECTED", errors: [{ message: error.message, field: null }], effect: null };
    note(id, result);
    say(error.message);
    return result;
  } finally {
    busy.value = null;
  }
}

function settle(action, id, write) {
  note(id, { action, status: write.status, errors: write.errors, effect: write.effect, isFollowed: false });
  if (write.task) {
    patch(write.task);
    if (CLOSED.has(write.task.state)) gone.value = new Set([...gone.value, write.task.id]);
  }
  announce(action, write, id);
  loadCounts();
  if (write.status === "UNKNOWN" || write.status === "PENDING") follow(action, id, write.operationId);
  if (write.status === "APPLIED" && detail.peek()?.id === id) loadDetail({ isQuiet: true });
}

/** Asks what became of a write until it is settled. */
async function follow(action, id, operation) {
  if (!operation) return;
  const before = results.value.get(id);
  note(id, { ...before, isFollowed: true });
  for (let turn = 0; turn < 40; turn++) {
    await new Promise((done) => setTimeout(done, WAITS_MS[Math.min(turn, WAITS_MS.length - 1)]));
    let now;
    try {
      now = (await send(operations.Operation, { id: operation })).operation;
    } catch {
      continue;
    }
    // Another write of the task is newer.
    if (results.value.get(id)?.isFollowed !== true) return;
    if (!now) break;
    if (now.task) patch(now.task);
    if (now.settledAt || now.status === "APPLIED" || now.status === "REJECTED") {
      note(id, { action, status: now.status, errors: now.errors, effect: null, isFollowed: false });
      announce(action, now, id);
      loadCounts();
      if (detail.peek()?.id === id) loadDetail({ isQuiet: true });
      return;
    }
  }
  note(id, { ...results.value.get(id), isFollowed: false });
}

export const claim = (task) => run("CLAIM", task.id, operations.Claim, { taskId: task.id });
export const release = (task) => run("RELEASE", task.id, operations.Release, { taskId: task.id });
export const assign = (task, to, { override = false, reason = null } = {}) => run("ASSIGN", task.id, operations.Assign, { taskId: task.id, ...to, override, reason });
export const complete = (task, { outcome, data, comment }) =>
  run("COMPLETE", task.id, operations.Complete, { taskId: task.id, outcome, data, comment: comment || null, claimIfNeeded: !task.assignee });
export const saveDraft = (task, data) => run("SAVE_DRAFT", task.id, operations.SaveDraft, { taskId: task.id, data });
export const update = (action, task, changes) => run(action, task.id, operations.Update, { taskId: task.id, ...changes });
export const comment = (task, text) => run("COMMENT", task.id, operations.Comment, { taskId: task.id, text });
export const cancel = (task, way, reason) => run("CANCEL", task.id, operations.Cancel, { taskId: task.id, allow: [way], reason: reason || null });

/** What each way to cancel the task would do: {NATIVE: {isPossible, text}, ...}. Nothing is written. */
export async function cancelWays(task) {
  const verdicts = await send(operations.CancelWays, { ids: [task.id] });
  return Object.fromEntries(
    Object.entries(verdicts)
      // What the system does not have is no choice; what this person may not do is shown with the reason.
      .filter(([, { results: [verdict] }]) => !verdict.errors.some(({ code }) => code === "CAPABILITY_NOT_SUPPORTED"))
      .map(([way, { results: [verdict] }]) => [way, { isPossible: verdict.status !== "REJECTED", text: verdict.effect ?? verdict.errors.map(({ message }) => message).join(" ") }]),
  );
}

/** Claims the first task of the view's order that the person may have, and opens it. */
export async function takeNext() {
  if (busy.value) return;
  busy.value = "NEXT";
  try {
    const { state, ...filter } = filterOf(view.value) ?? {};
    const { write } = await send(operations.TakeNext, { input: { idempotencyKey: key(), filter, orderBy: ORDERS[view.value.order] } });
    if (write.task) {
      settle("CLAIM", write.task.id, write);
      open(write.task.id);
    } else {
      say(write.errors.map(errorText).join(" ") || t("next.none"));
    }
  } catch (error) {
    say(error.message);
  } finally {
    busy.value = null;
  }
}

/** One action for many tasks: the results in the order of the ids, at most 100 a request. */
export async function bulk(ids, input, { dryRun, keyed }) {
  const all = [];
  for (let start = 0; start < ids.length; start += 100) {
    const { bulkTaskAction: told } = await send(operations.Bulk, { input: { ...input, taskIds: ids.slice(start, start + 100), dryRun, idempotencyKey: dryRun ? null : keyed } });
    all.push(...told.results);
  }
  if (!dryRun) {
    for (const { task, status } of all) {
      if (!task || status === "REJECTED") continue;
      patch(task);
      if (CLOSED.has(task.state)) gone.value = new Set([...gone.value, task.id]);
    }
    loadCounts();
  }
  return all;
}
