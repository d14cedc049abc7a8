// What can be done with a task, as `permittedActions` says; an action that is off says why.
import { useState } from "preact/hooks";
import { PRIORITIES } from "../address.js";
import { dialog, say } from "../state.js";
import { t, word } from "../words.js";
import { busy, claim, release, update } from "../writes.js";
import { html } from "./html.js";

/** A button of an action. One that is off can be reached and says its reason. */
function Act({ name, permit, kind = "", task, onAct }) {
  if (!permit || permit.support === "UNSUPPORTED" || (!task.isOpen && !permit.allowed)) return null;
  const reason = permit.allowed ? null : (permit.reason ?? t("action.off"));
  const isBusy = busy.value === `${name} ${task.id}`;
  return html`<button type="button" class=${kind} data-action=${name} aria-disabled=${reason || busy.value ? "true" : undefined} aria-busy=${isBusy ? "true" : undefined}
    title=${reason ?? undefined} onClick=${() => (reason ? say(reason) : busy.value ? null : onAct())}>${t(`action.${name}`)}${reason && html`<span class="unseen"> (${reason})</span>`}</button>`;
}

const local = (text) => {
  if (!text) return "";
  const at = new Date(text);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

function DueMenu({ task }) {
  const [at, setAt] = useState(local(task.dueAt));
  const send = async (event) => {
    event.preventDefault();
    const menu = event.target.closest("details");
    if (!at) return;
    await update("UPDATE_DUE", task, { dueAt: new Date(at).toISOString() });
    menu.open = false;
  };
  return html`
    <details class="menu">
      <summary data-action="UPDATE_DUE">${t("action.UPDATE_DUE")}</summary>
      <form class="sheet" onSubmit=${send}>
        <label class="stacked"><span>${t("fact.due")}</span><input type="datetime-local" required value=${at} onInput=${(event) => setAt(event.target.value)} /></label>
        <button class="primary">${t("save")}</button>
      </form>
    </details>
  `;
}

function PriorityMenu({ task }) {
  const choose = async (event, priority) => {
    event.target.closest("details").open = false;
    await update("UPDATE_PRIORITY", task, { priority });
  };
  return html`
    <details class="menu">
      <summary data-action="UPDATE_PRIORITY">${t("action.UPDATE_PRIORITY")}</summary>
      <div class="sheet choices">
        ${PRIORITIES.map((each) => html`<button type="button" aria-pressed=${task.priority === each ? "true" : "false"} onClick=${(event) => choose(event, each)}>${word("priority", each)}</button>`)}
      </div>
    </details>
  `;
}

export function Actions({ task, permits, isWhole }) {
  // The bar keeps its height while the permissions are on their way.
  if (!isWhole) return html`<div class="actions" aria-hidden="true"></div>`;
  if (!permits.size) return null;
  const isOn = (name) => permits.get(name)?.allowed;
  return html`
    <div class="actions" role="toolbar" aria-label=${t("actions")}>
      <${Act} name="CLAIM" kind="primary" permit=${permits.get("CLAIM")?.allowed || !task.assignee ? permits.get("CLAIM") : null} task=${task} onAct=${() => claim(task)} />
      <${Act} name="RELEASE" permit=${task.assignee ? permits.get("RELEASE") : null} task=${task} onAct=${() => release(task)} />
      <${Act} name="ASSIGN" permit=${permits.get("ASSIGN")} task=${task} onAct=${() => (dialog.value = { name: "assign", task })} />
      ${isOn("UPDATE_DUE") && html`<${DueMenu} task=${task} />`}
      ${isOn("UPDATE_PRIORITY") && html`<${PriorityMenu} task=${task} />`}
      ${task.isOpen && html`<button type="button" class="danger" data-action="CANCEL" onClick=${() => (dialog.value = { name: "cancel", task })}>${t("action.CANCEL")}</button>`}
    </div>
  `;
}
