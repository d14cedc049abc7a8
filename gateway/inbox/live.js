// Follows the list, the systems and the connection while the page is visible.
import { effect, signal } from "@preact/signals";
import { filterOf, view } from "./address.js";
import { events, isRefused, token } from "./graph.js";
import * as operations from "./operations.js";
import { compareList, detail, fresh, gone, loadCounts, loadDetail, loadSources, patch, rows } from "./state.js";

/** "live", "connecting" (for the first time, or after the view has changed), or "offline". */
export const connection = signal("connecting");

// Answered from the gateway's memory: no system is asked.
const SOURCES_MS = 3_000;
const COMPARE_MS = 60_000;
const WAITS_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

let stopped = null;
let attempt = 0;

function heed({ inboxChanged: { kind, taskId, task } }) {
  const isShown = rows.value.some(({ id }) => id === taskId);
  if (kind === "RESYNC") return void compareList();
  if (kind === "REMOVED") {
    fresh.value = new Set([...fresh.value].filter((id) => id !== taskId));
    if (isShown) gone.value = new Set([...gone.value, taskId]);
  } else if (isShown) {
    gone.value = new Set([...gone.value].filter((id) => id !== taskId));
    patch(task);
  } else if (kind === "ADDED") {
    if (rows.value.length) fresh.value = new Set([...fresh.value, taskId]);
    else compareList();
  }
  // Its data and comments too: another person may have changed them.
  if (detail.peek()?.id === taskId) loadDetail({ isQuiet: true });
  loadCounts(1_000);
}

async function follow() {
  stopped?.abort();
  if (document.hidden) return;
  const mine = (stopped = new AbortController());
  const wasOffline = connection.value === "offline";
  try {
    await events(operations.Changed, { scope: view.value.scope, filter: filterOf(view.value) }, heed, {
      signal: mine.signal,
      opened() {
        attempt = 0;
        connection.value = "live";
        // What happened while the stream was closed.
        if (wasOffline || rows.value.length) compareList();
      },
    });
  } catch (error) {
    if (mine.signal.aborted || isRefused.value) return;
    if (error.code !== "OFFLINE" && navigator.onLine && !(error instanceof TypeError)) {
      // The gateway answers but has no stream for this list, for example because too many are open.
      connection.value = "polling";
    } else connection.value = "offline";
  }
  if (mine.signal.aborted) return;
  if (connection.value === "live") connection.value = "connecting";
  setTimeout(() => stopped === mine && follow(), WAITS_MS[Math.min(attempt++, WAITS_MS.length - 1)]);
}

/** Starts, and goes on until the page is closed. */
export function followChanges() {
  let last = null;
  effect(() => {
    const now = JSON.stringify([view.value, token.value]);
    if (now === last) return;
    last = now;
    connection.value = "connecting";
    follow();
  });
  addEventListener("online", follow);
  addEventListener("offline", () => {
    stopped?.abort();
    connection.value = "offline";
  });
  // A page that is not seen keeps no connection: browsers have few for one host.
  document.addEventListener("visibilitychange", follow);
  setInterval(() => !document.hidden && loadSources(), SOURCES_MS);
  setInterval(() => {
    if (document.hidden) return;
    compareList();
    loadCounts(0);
  }, COMPARE_MS);
}
