// A task beside the list: what it is, what can be done, its form, and what has happened.
import { useEffect, useRef, useState } from "preact/hooks";
import { Digits, written } from "../json.js";
import { closeTask, detail, loadDetail, openRow, rows, sources, wantsFocus } from "../state.js";
import { distance, due, moment, t, word } from "../words.js";
import { busy, comment, dismiss, errorText, results, resultText } from "../writes.js";
import { Actions } from "./actions.js";
import { Form } from "./form.js";
import { html, Outside, System } from "./html.js";

/** What became of the last write; null if nothing is to be said. */
function Result({ task }) {
  const own = results.value.get(task.id);
  const last = task.lastWrite;
  const result = own ?? (last && last.status !== "APPLIED" ? { action: last.action, status: last.status, errors: last.error ? [last.error] : [], isEarlier: true } : null);
  if (!result) return null;
  const { status, action, errors = [], effect, isFollowed, isEarlier } = result;
  const general = errors.filter(({ field }) => !field?.length || !["data", "outcome", "comment"].includes(field[0]));
  const place = rows.value.findIndex(({ id }) => id === task.id);
  const following = place >= 0 ? rows.value[place + 1] : null;
  const role = status === "REJECTED" || status === "UNSENT" ? "alert" : "status";
  return html`
    <div class="result" data-status=${status} role=${role}>
      <p><strong>${resultText(action, status)}</strong>${isEarlier ? ` (${distance(last.at)})` : ""}</p>
      ${status === "UNKNOWN" && html`<p>${t("write.UNKNOWN.what")}</p>`}
      ${isFollowed && html`<p class="faint">${t("write.followed")}</p>`}
      ${(general.length ? general : status === "REJECTED" ? errors : []).map((error) => html`<p>${errorText(error)}${error.retryAt ? ` ${t("write.retryAt", { time: moment(error.retryAt) })}` : ""}</p>`)}
      ${effect && html`<p class="faint">${effect}</p>`}
      ${own && status === "APPLIED" && !task.isOpen && following && html`<p><button type="button" onClick=${() => openRow(place + 1, { focus: true })}>${t("task.goOn", { title: following.title })}</button></p>`}
      ${own && !isFollowed && html`<button type="button" class="icon" aria-label=${t("dismiss")} onClick=${() => dismiss(task.id)}>×</button>`}
    </div>
  `;
}

const Fact = ({ name, children }) => html`<div><dt>${name}</dt><dd>${children}</dd></div>`;

function Facts({ task }) {
  const when = due(task);
  const candidates = [...(task.candidateUsers ?? []).map((user) => user.displayName ?? user.id), ...(task.candidateGroups ?? []).map(({ name }) => name)];
  return html`
    <dl class="facts">
      <${Fact} name=${t("fact.due")}>${task.dueAt ? html`<span class="due" data-kind=${when.kind}>${moment(task.dueAt)}</span>` : html`<span class="faint">${t("none")}</span>`}<//>
      <${Fact} name=${t("fact.owner")}>${task.assignee ? (task.assignee.displayName ?? t("row.someone")) : html`<span class="faint">${t("row.free")}</span>`}<//>
      ${task.priority && html`<${Fact} name=${t("filter.priority")}><span class="priority" data-priority=${task.priority}>${word("priority", task.priority)}</span><//>`}
      ${candidates.length > 0 && html`<${Fact} name=${t("fact.candidates")}>${candidates.join(", ")}<//>`}
      ${task.subjects?.length > 0 && html`<${Fact} name=${t("fact.subject")}>${task.subjects.map(({ label, nativeId, type }) => label ?? `${type} ${nativeId}`).join(", ")}<//>`}
      ${task.businessKey && html`<${Fact} name=${t("fact.businessKey")}>${task.businessKey}<//>`}
      ${task.definition && html`<${Fact} name=${t("filter.kind")}>${task.definition.name ?? task.definition.key}<//>`}
      ${task.flow && (task.flow.name || task.flow.url || task.flow.hasIncident) && html`<${Fact} name=${t("fact.flow")}><${Outside} href=${task.flow.url}>${task.flow.name ?? t("fact.flow")}<//>${task.flow.hasIncident ? html` <span class="warn">${t("fact.incident")}</span>` : ""}<//>`}
      ${task.createdAt && html`<${Fact} name=${t("fact.created")}>${moment(task.createdAt)}<//>`}
      ${task.followUpAt && html`<${Fact} name=${t("fact.followUp")}>${moment(task.followUpAt)}<//>`}
      ${task.completedAt && html`<${Fact} name=${t("fact.completed")}>${moment(task.completedAt)}${task.completedBy?.displayName ? `, ${task.completedBy.displayName}` : ""}${task.outcome ? `, ${task.outcome}` : ""}<//>`}
      ${task.tags?.length > 0 && html`<${Fact} name=${t("fact.tags")}>${task.tags.map(({ name, value, label }) => label ?? (value ? `${name}: ${value}` : name)).join(", ")}<//>`}
    </dl>
  `;
}

const shown = (value) => (value === null || value === undefined ? "–" : typeof value === "object" && !(value instanceof Digits) ? written(value, 1) : typeof value === "boolean" ? t(value ? "yes" : "no") : String(value));

function Data({ data }) {
  const entries = data && typeof data === "object" ? Object.entries(data) : [];
  if (!entries.length) return null;
  return html`
    <details class="part">
      <summary>${t("part.data")} <span class="faint">${entries.length}</span></summary>
      <dl class="data">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${shown(value)}</dd></div>`)}</dl>
    </details>
  `;
}

function Comments({ task, permit }) {
  const [text, setText] = useState("");
  const nodes = task.comments?.nodes ?? [];
  const send = async (event) => {
    event.preventDefault();
    if (!text.trim()) return;
    const write = await comment(task, text);
    if (write?.status === "APPLIED") setText("");
  };
  if (!nodes.length && !permit?.allowed) return null;
  return html`
    <section class="part" aria-labelledby="comments">
      <h3 id="comments">${t("part.comments")}</h3>
      ${nodes.map((each) => html`<article class="comment"><p class="faint"><strong>${each.author?.displayName ?? t("row.someone")}</strong> ${each.createdAt ? moment(each.createdAt) : ""}</p><p class="text">${each.text}</p></article>`)}
      ${permit?.allowed &&
      html`<form class="writing" onSubmit=${send}>
        <textarea id="comment" rows="2" aria-label=${t("comment.label")} placeholder=${t("comment.label")} value=${text} onInput=${(event) => setText(event.target.value)}></textarea>
        <button disabled=${!text.trim() || Boolean(busy.value)}>${t("comment.send")}</button>
      </form>`}
    </section>
  `;
}

function History({ task }) {
  const entries = task.activities?.nodes ?? [];
  if (!entries.length) return null;
  return html`
    <details class="part">
      <summary>${t("part.history")} <span class="faint">${entries.length}</span></summary>
      <ol class="history">
        ${entries.map(
          (each) => html`<li><time datetime=${each.at} class="faint">${moment(each.at)}</time>
            <span>${word("activity", each.type)}${each.actor?.displayName ? html` · ${each.actor.displayName}` : ""}${each.target?.displayName ? html` → ${each.target.displayName}` : ""}${each.message ? html`<br /><span class="faint">${each.message}</span>` : ""}</span></li>`,
        )}
      </ol>
    </details>
  `;
}

function Steps({ task }) {
  const steps = task.previousSteps ?? [];
  if (!steps.length) return null;
  return html`
    <details class="part" open>
      <summary>${t("part.steps")} <span class="faint">${steps.length}</span></summary>
      <ol class="history">
        ${steps.map((each) => html`<li><time class="faint" datetime=${each.completedAt ?? undefined}>${moment(each.completedAt)}</time><span>${each.name}${each.outcome ? html` · ${each.outcome}` : ""}${each.completedBy?.displayName ? html` · ${each.completedBy.displayName}` : ""}</span></li>`)}
      </ol>
    </details>
  `;
}

function Body({ task, missing }) {
  const permits = new Map((task.permittedActions ?? []).map((each) => [each.action, each]));
  const isWhole = task.form !== undefined;
  return html`
    <${Actions} task=${task} permits=${permits} isWhole=${isWhole} />
    <${Result} task=${task} />
    <div class="body">
      ${task.description && html`<p class="description">${task.description}</p>`}
      <${Facts} task=${task} />
      ${missing?.length > 0 && html`<p class="trouble" role="status">${t("part.missing", { what: [...new Set(missing.map(({ field }) => field))].filter(Boolean).join(", ") })} ${missing[0].message}</p>`}
      ${isWhole ? html`<${Form} task=${task} permits=${permits} />` : html`<div class="skeleton" role="status"><span class="unseen">${t("list.loading")}</span>${[1, 2, 3].map(() => html`<div class="bone"><i></i><i></i></div>`)}</div>`}
      ${isWhole && html`<${Steps} task=${task} /><${Data} data=${task.data} /><${Comments} task=${task} permit=${permits.get("COMMENT")} /><${History} task=${task} />`}
    </div>
  `;
}

export function Task({ id }) {
  const heading = useRef(null);
  const { task, phase, error, missing } = detail.value?.id === id ? detail.value : { task: rows.value.find((each) => each.id === id), phase: "loading" };
  const place = rows.value.findIndex((each) => each.id === id);
  useEffect(() => {
    if (wantsFocus.value || !document.activeElement?.closest(".row")) heading.current?.focus({ preventScroll: true });
    wantsFocus.value = false;
  }, []);
  return html`
    <section class="task" aria-labelledby="task-title" aria-busy=${phase === "loading" ? "true" : "false"}>
      <header>
        <div class="steps">
          <button type="button" class="icon back" aria-label=${t("task.close")} title="Esc" onClick=${closeTask}><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="m4 4 8 8M12 4l-8 8" /></svg></button>
          <span class="grow"></span>
          ${place >= 0 && html`<button type="button" class="icon" aria-label=${t("task.previous")} title="k" disabled=${place === 0} onClick=${() => openRow(place - 1)}><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="m3.5 10 4.5-4.5 4.5 4.5" /></svg></button>
            <button type="button" class="icon" aria-label=${t("task.following")} title="j" disabled=${place === rows.value.length - 1} onClick=${() => openRow(place + 1)}><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="m3.5 6 4.5 4.5L12.500 6" /></svg></button>`}
        </div>
        <h2 id="task-title" tabindex="-1" ref=${heading}>${task?.title ?? (phase === "absent" ? t("task.absent") : "…")}</h2>
        ${task &&
        html`<p class="meta"><${System} source=${task.source} sources=${sources.value} /><span class="state" data-state=${task.state}>${word("state", task.state)}</span>
          ${task.stateReason && html`<span class="faint">${task.stateReason}</span>`}
          ${task.pendingTransition && html`<span class="faint">${t("task.pending", { what: word("done", task.pendingTransition) })}</span>`}
          ${task.url && html`<${Outside} href=${task.url}>${t("task.openAt", { system: task.source.name })}<//>`}</p>`}
      </header>
      ${phase === "absent" && html`<p class="empty">${t("task.absent.what")}</p>`}
      ${phase === "left" && html`<p class="trouble" role="status">${t("task.left")}</p>`}
      ${phase === "error" && html`<div class="empty" role="alert"><p>${error.message}</p><button type="button" onClick=${() => loadDetail()}>${t("again")}</button></div>`}
      ${task && phase !== "error" && html`<${Body} task=${task} missing=${missing} />`}
    </section>
  `;
}
