// The keyboard: every key does what a button of the page does too.
import { openId } from "./address.js";
import { active, closeTask, detail, dialog, loadList, openRow, rows, say, toggle } from "./state.js";
import { t } from "./words.js";
import { claim, takeNext } from "./writes.js";

/** Keys and the names of their texts, for the help. */
export const KEYS = [
  ["j / k", "key.move"],
  ["Enter", "key.open"],
  ["Esc", "key.close"],
  ["x", "key.select"],
  ["c", "key.claim"],
  ["e", "key.complete"],
  ["a", "key.assign"],
  ["m", "key.comment"],
  ["n", "key.next"],
  ["r", "key.refresh"],
  ["/", "key.search"],
  ["1 – 4", "key.tabs"],
  ["?", "key.help"],
];

const isField = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

function focusRow() {
  // After the row is drawn: it may have been outside of the part that is.
  requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector(".row[data-active] .title")?.focus({ preventScroll: true })));
}

let hasBegun = false;

function move(by) {
  if (!rows.value.length) return;
  // The first key shows where the keyboard is; the focus follows a frame later, which is too late for a quick hand.
  const isOnRow = hasBegun || document.activeElement?.closest(".row") || openId.value;
  hasBegun = true;
  active.value = Math.min(Math.max(active.value + (isOnRow ? by : 0), 0), rows.value.length - 1);
  // With a task open beside the list, the next one is shown there.
  if (openId.value) openRow(active.value);
  focusRow();
}

/** The task that a key is about: the open one, or the one that the keyboard is on. */
const current = () => (openId.value ? detail.value?.task : rows.value[active.value]) ?? null;

function focusInTask(selector) {
  if (!openId.value) openRow(active.value);
  let turns = 0;
  const look = () => {
    const found = document.querySelector(selector);
    if (found) {
      found.scrollIntoView({ block: "center" });
      found.focus();
    } else if (turns++ < 100 && openId.value) setTimeout(look, 50);
  };
  look();
}

const DOES = {
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  x: () => rows.value[active.value] && toggle(rows.value[active.value].id),
  c() {
    const task = current();
    if (!task) return;
    const permit = task.permittedActions?.find(({ action }) => action === "CLAIM");
    if (permit && !permit.allowed) say(permit.reason ?? t("action.off"));
    else claim(task);
  },
  e: () => focusInTask("#form :is(input:not([readonly]):not([disabled]), textarea:not([readonly]), select:not([disabled])), #form .outcomes button"),
  a: () => current() && (dialog.value = { name: "assign", task: current() }),
  m: () => focusInTask("#comment"),
  n: () => takeNext(),
  r: () => loadList({ freshness: "FRESH" }),
  "/": () => document.getElementById("search")?.focus(),
  "?": () => (dialog.value = { name: "help" }),
};

function escape(event) {
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (isField(event.target)) event.target.blur();
  else if (openId.value) {
    closeTask();
    focusRow();
  }
}

export function listenToKeys() {
  addEventListener("keydown", (event) => {
    // A dialog has its own keys.
    if (dialog.value || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return escape(event);
    if (isField(event.target)) return;
    // Arrows scroll what they are on, unless that is the list; buttons and menus have keys of their own.
    if (event.key.startsWith("Arrow") && (!event.target.closest(".list") || event.target.closest("details"))) return;
    if (/^[1-4]$/.test(event.key)) {
      document.querySelectorAll("[role=tab]")[Number(event.key) - 1]?.click();
      return;
    }
    const does = DOES[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
  // A menu closes when the pointer goes on elsewhere.
  addEventListener("pointerdown", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
}
