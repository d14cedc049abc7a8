// Search among the people and groups that a task's system takes.
import { useEffect, useState } from "preact/hooks";
import { send } from "../graph.js";
import * as operations from "../operations.js";
import { t } from "../words.js";
import { Avatar, html } from "./html.js";

/** `task` bounds the people to those that its system takes. `onPick` gets {userId} or {groupId}, and the name. */
export function Picker({ task, viewer, onPick, isOff = false }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    let isOld = false;
    const timer = setTimeout(async () => {
      try {
        const data = await send(operations.People, { search: text.trim(), task: task?.id ?? null, source: task?.source.id ?? null });
        if (!isOld) setFound(data);
        if (!isOld) setError(null);
      } catch (failure) {
        if (!isOld) setError(failure.message);
      }
    }, found ? 250 : 0);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [text]);
  const people = found?.users.nodes ?? [];
  const groups = task ? (found?.groups.nodes ?? []) : [];
  const troubles = (found?.users.sources ?? []).filter(({ error: failure }) => failure);
  return html`
    <div class="picker">
      <input type="search" aria-label=${t("people.search")} placeholder=${t("people.search")} value=${text} autofocus onInput=${(event) => setText(event.target.value)} />
      <div class="found" role="group" aria-label=${t("people.found")} aria-busy=${found ? "false" : "true"}>
        ${error && html`<p class="error" role="alert">${error}</p>`}
        ${found && !people.length && !groups.length && html`<p class="faint">${t("people.none")}</p>`}
        ${people.map(
          (user) => html`<button type="button" disabled=${isOff} key=${user.id} onClick=${() => onPick({ userId: user.id }, user.displayName ?? user.email)}><${Avatar} name=${user.displayName ?? "?"} /><span><strong>${user.displayName ?? user.email ?? user.id}</strong>${user.id === viewer?.user.id ? html` <span class="faint">${t("people.me")}</span>` : ""}<span class="faint below">${user.email ?? user.source?.name ?? ""}</span></span></button>`,
        )}
        ${groups.length > 0 && html`<h3>${t("people.groups")}</h3>`}
        ${groups.map((group) => html`<button type="button" disabled=${isOff} key=${group.id} onClick=${() => onPick({ groupId: group.id }, group.name)}><span class="avatar" aria-hidden="true">⁂</span><span><strong>${group.name}</strong></span></button>`)}
      </div>
      ${troubles.map(({ source, error: failure }) => html`<p class="faint">${source.name}: ${failure.message}</p>`)}
    </div>
  `;
}
