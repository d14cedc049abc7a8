// Filters, order and saved views.
import { useState } from "preact/hooks";
import { CHOICES, DUES, ORDERS, PRIORITIES, STATES, change, clearFilters, forgetView, isFiltered, saveView, savedViews, showView, view } from "../address.js";
import { isBusy, kinds, list, loadKinds, loadList, sources } from "../state.js";
import { number, t, word } from "../words.js";
import { html } from "./html.js";

function Filter({ name, options, onOpen }) {
  const chosen = view.value[name];
  const flip = (value) => change({ [name]: chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value] });
  return html`
    <details class=${`menu filter ${chosen.length ? "on" : ""}`} onToggle=${(event) => event.target.open && onOpen?.()}>
      <summary>${t(`filter.${name}`)}${chosen.length > 0 && html`<span class="count">${chosen.length}</span>`}</summary>
      <fieldset class="sheet">
        <legend class="unseen">${t(`filter.${name}`)}</legend>
        ${options.length === 0 && html`<p class="faint">${t("filter.none")}</p>`}
        ${options.map(
          ([value, text]) => html`<label class="option"><input type="checkbox" checked=${chosen.includes(value)} onChange=${() => flip(value)} /><span>${text}</span></label>`,
        )}
      </fieldset>
    </details>
  `;
}

function Views() {
  const [name, setName] = useState("");
  const save = (event) => {
    event.preventDefault();
    if (!name.trim()) return;
    saveView(name.trim());
    setName("");
  };
  return html`
    <details class="menu views">
      <summary>${t("views")}</summary>
      <div class="sheet">
        ${savedViews.value.length === 0 && html`<p class="faint">${t("views.none")}</p>`}
        ${savedViews.value.map(
          (each) => html`<div class="saved"><button type="button" onClick=${(event) => { event.target.closest("details").open = false; showView(each); }}>${each.name}</button>
            <button type="button" class="icon" aria-label=${t("views.forget", { name: each.name })} onClick=${() => forgetView(each.name)}>×</button></div>`,
        )}
        <form onSubmit=${save}>
          <input aria-label=${t("views.name")} placeholder=${t("views.name")} maxlength="60" value=${name} onInput=${(event) => setName(event.target.value)} />
          <button>${t("views.save")}</button>
        </form>
      </div>
    </details>
  `;
}

export function Filters() {
  const options = {
    system: sources.value.map(({ key, name }) => [key, name]),
    state: STATES.map((each) => [each, word("state", each)]),
    priority: PRIORITIES.map((each) => [each, word("priority", each)]),
    due: DUES.map((each) => [each, t(`dueFilter.${each}`)]),
    kind: (kinds.value ?? []).map(({ value, label, count }) => [value, `${label} (${number(count)})`]),
  };
  const { total, accuracy, phase } = list.value;
  return html`
    <div class="filters" role="group" aria-label=${t("filters")}>
      <div class="chips">
        ${CHOICES.map((name) => html`<${Filter} key=${name} name=${name} options=${options[name]} onOpen=${name === "kind" ? loadKinds : null} />`)}
        <${Views} />
        ${isFiltered.value && html`<button type="button" class="quiet" onClick=${clearFilters}>${t("filters.clear")}</button>`}
      </div>
      <div class="sorting">
        <span class="faint total" role="status">${phase === "ready" && total !== null ? t(accuracy === "EXACT" ? "list.total" : "list.atLeast", { n: total }) : ""}</span>
        <label><span class="unseen">${t("order")}</span>
          <select value=${view.value.order} onChange=${(event) => change({ order: event.target.value })}>
            ${Object.keys(ORDERS).map((each) => html`<option value=${each} selected=${each === view.value.order}>${t(`order.${each}`)}</option>`)}
          </select>
        </label>
        <button type="button" class="icon" aria-label=${t("key.refresh")} title=${t("key.refresh")} aria-busy=${isBusy.value ? "true" : "false"} onClick=${() => loadList({ freshness: "FRESH" })}>
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M13.5 8a5.5 5.5 0 1 1-1.6-3.9M13.5 1.5v3h-3" /></svg>
        </button>
      </div>
    </div>
  `;
}
