// Many tasks at once: first what would become of each, then the writes.
import { useEffect, useState } from "preact/hooks";
import { PRIORITIES } from "../address.js";
import { key } from "../graph.js";
import { dialog, rows, say, selected } from "../state.js";
import { number, t, word } from "../words.js";
import { bulk, errorText } from "../writes.js";
import { close, Dialog } from "./dialog.js";
import { html } from "./html.js";
import { Picker } from "./picker.js";

const ACTIONS = ["CLAIM", "RELEASE", "ASSIGN", "COMPLETE", "UPDATE_DUE", "UPDATE_PRIORITY", "COMMENT", "CANCEL"];

const shut = (event) => (event.target.closest("details").open = false);

export function BulkBar() {
  const all = rows.value;
  const ids = [...selected.value];
  return html`
    <div class="bulk" role="toolbar" aria-label=${t("bulk.label")}>
      <strong>${t("bulk.selected", { n: ids.length })}</strong>
      ${["CLAIM", "RELEASE", "ASSIGN", "COMPLETE"].map((action) => html`<button type="button" data-bulk=${action} onClick=${() => (dialog.value = { name: "bulk", action, ids })}>${t(`action.${action}`)}</button>`)}
      <details class="menu up"><summary>${t("bulk.more")}</summary><div class="sheet choices">
        ${ACTIONS.slice(4).map((action) => html`<button type="button" data-bulk=${action} onClick=${(event) => { shut(event); dialog.value = { name: "bulk", action, ids }; }}>${t(`action.${action}`)}</button>`)}
      </div></details>
      <span class="grow"></span>
      ${ids.length < all.length && html`<button type="button" class="quiet" onClick=${() => (selected.value = new Set(all.slice(0, 500).map(({ id }) => id)))}>${t("bulk.all", { n: Math.min(all.length, 500) })}</button>`}
      <button type="button" class="quiet" onClick=${() => (selected.value = new Set())}>${t("bulk.clear")}</button>
    </div>
  `;
}

/** What an action needs to be told before it is tried; null if nothing. */
function Question({ action, onAnswer, viewer }) {
  const [text, setText] = useState("");
  if (action === "ASSIGN") return html`<${Picker} viewer=${viewer} onPick=${({ userId }) => onAnswer({ assigneeUserId: userId, override: true })} />`;
  if (action === "UPDATE_PRIORITY") return html`<div class="choices">${PRIORITIES.map((each) => html`<button type="button" onClick=${() => onAnswer({ priority: each })}>${word("priority", each)}</button>`)}</div>`;
  const answer = (event) => {
    event.preventDefault();
    if (!text.trim() && action !== "CANCEL") return;
    onAnswer(action === "UPDATE_DUE" ? { dueAt: new Date(text).toISOString() } : action === "COMMENT" ? { comment: text } : { reason: text || null });
  };
  return html`<form onSubmit=${answer}>
    <label class="stacked"><span>${t({ UPDATE_DUE: "fact.due", COMMENT: "comment.label", CANCEL: "reason" }[action])}</span>
      ${action === "COMMENT" ? html`<textarea rows="3" value=${text} onInput=${(event) => setText(event.target.value)}></textarea>` : html`<input type=${action === "UPDATE_DUE" ? "datetime-local" : "text"} value=${text} onInput=${(event) => setText(event.target.value)} />`}</label>
    <footer><button class="primary">${t("bulk.try")}</button></footer>
  </form>`;
}

function Verdicts({ results, titles }) {
  return html`<ul class="verdicts">
    ${results.map(
      (each) => html`<li key=${each.taskId} data-status=${each.status}><strong>${titles.get(each.taskId) ?? each.task?.title ?? each.taskId}</strong>
        <span>${t(`verdict.${each.status}`)}${each.errors.length ? `: ${each.errors.map(errorText).join(" ")}` : ""}${each.effect ? ` · ${each.effect}` : ""}</span></li>`,
    )}
  </ul>`;
}

const ASKED = new Set(["ASSIGN", "UPDATE_DUE", "UPDATE_PRIORITY", "COMMENT", "CANCEL"]);

export function BulkDialog({ action, ids, viewer }) {
  const [state, setState] = useState({ phase: ASKED.has(action) ? "asking" : "new" });
  const titles = new Map(rows.value.map(({ id, title }) => [id, title]));
  const attempt = async (answer) => {
    setState({ phase: "trying" });
    try {
      const input = { action, ...answer };
      setState({ phase: "tried", input, results: await bulk(ids, input, { dryRun: true }) });
    } catch (error) {
      setState({ phase: "failed", error });
    }
  };
  useEffect(() => {
    if (state.phase === "new") attempt({});
  }, []);
  const run = async () => {
    const possible = state.results.filter(({ status }) => status !== "REJECTED").map(({ taskId }) => taskId);
    setState({ ...state, phase: "writing" });
    try {
      const results = await bulk(possible, state.input, { dryRun: false, keyed: key() });
      const done = results.filter(({ status }) => status === "APPLIED" || status === "PENDING").length;
      selected.value = new Set(results.filter(({ status }) => status === "REJECTED").map(({ taskId }) => taskId));
      say(t("bulk.done", { n: done, of: number(ids.length) }));
      setState({ phase: "done", results, done });
    } catch (error) {
      setState({ phase: "failed", error });
    }
  };
  const possible = (state.results ?? []).filter(({ status }) => status !== "REJECTED").length;
  return html`
    <${Dialog} title=${t("bulk.title", { action: t(`action.${action}`), n: ids.length })} size="wide">
      ${state.phase === "asking" && html`<${Question} action=${action} viewer=${viewer} onAnswer=${attempt} />`}
      ${["new", "trying", "writing"].includes(state.phase) && html`<p role="status" class="faint">${t(state.phase === "writing" ? "bulk.writing" : "bulk.trying")}</p>`}
      ${state.phase === "failed" && html`<p role="alert" class="error">${state.error.message}</p>`}
      ${state.phase === "tried" &&
      html`<p>${t("bulk.tried", { n: possible, of: number(ids.length) })}</p><${Verdicts} results=${state.results} titles=${titles} />
        <footer><button type="button" onClick=${close}>${t("dialog.close")}</button><button type="button" class="primary" disabled=${!possible} onClick=${run}>${t("bulk.run", { action: t(`action.${action}`), n: possible })}</button></footer>`}
      ${state.phase === "done" && html`<p>${t("bulk.done", { n: state.done, of: number(ids.length) })}</p><${Verdicts} results=${state.results.filter(({ status }) => status !== "APPLIED")} titles=${titles} /><footer><button type="button" class="primary" onClick=${close}>${t("dialog.close")}</button></footer>`}
    <//>
  `;
}
