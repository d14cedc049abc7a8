// The list: only the rows that can be seen are in the document, whatever the length of the list is.
import { computed, effect, signal, untracked } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { addressOf, clearFilters, isFiltered, openId, view } from "../address.js";
import { active, fresh, gone, isBusy, isLoadingMore, list, loadList, loadMore, openRow, rows, selected, sources, toggle } from "../state.js";
import { due, moment, number, t, word } from "../words.js";
import { Avatar, html, System } from "./html.js";

/** Height of a row in pixels, as in page.css. */
const ROW = 64;
/** Rows that are drawn above and below those that can be seen. */
const SPARE = 6;
/** Rows before the end at which the next page is asked for. */
const AHEAD = 60;

const top = signal(0);
const height = signal(800);
const first = computed(() => Math.max(0, Math.floor(top.value / ROW) - SPARE));
const count = computed(() => Math.ceil(height.value / ROW) + 2 * SPARE);

const primary = (task) => {
  const all = task.subjects ?? [];
  const subject = all.find(({ isPrimary }) => isPrimary) ?? all[0];
  return subject?.label ?? task.businessKey ?? subject?.nativeId ?? null;
};

function Row({ task, index, total, isActive, isOpen, isGone, isPicked }) {
  const when = due(task);
  const subject = primary(task);
  const owner = task.assignee?.displayName ?? (task.assignee ? t("row.someone") : null);
  const go = (event) => {
    if (event.target.closest("input, label") || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    openRow(index, { focus: true });
  };
  return html`
    <div
      class="row"
      role="listitem"
      aria-posinset=${index + 1}
      aria-setsize=${total}
      data-active=${isActive ? "" : undefined}
      data-open=${isOpen ? "" : undefined}
      data-gone=${isGone ? "" : undefined}
      data-closed=${task.isOpen ? undefined : ""}
      data-due=${when.kind}
      style=${{ top: `${index * ROW}px` }}
      onClick=${go}
    >
      <label class="pick"><input type="checkbox" checked=${isPicked} onChange=${() => toggle(task.id)} tabindex=${isActive ? 0 : -1} aria-label=${t("row.select", { title: task.title })} /></label>
      <div class="what">
        <a class="title" href=${addressOf(task.id)} tabindex=${isActive ? 0 : -1} aria-current=${isOpen ? "true" : undefined} onFocus=${() => (active.value = index)}>${task.title}</a>
        <div class="meta">
          <${System} source=${task.source} sources=${sources.value} />
          ${subject && html`<span class="subject">${subject}</span>`}
          ${task.definition?.name && task.definition.name !== task.title && html`<span class="kind">${task.definition.name}</span>`}
        </div>
      </div>
      <span class="state" data-state=${task.state}>${isGone && task.isOpen ? t("row.gone") : word("state", task.state)}</span>
      <span class="priority" data-priority=${task.priority ?? "NONE"}>${task.priority && task.priority !== "MEDIUM" ? html`<span class="unseen">${t("filter.priority")} </span>${word("priority", task.priority)}` : ""}</span>
      <span class="owner" title=${owner ?? ""}>${owner ? html`<${Avatar} name=${owner} /><span class="name">${owner}</span>` : html`<span class="name faint">${(task.candidateGroups ?? []).map(({ name }) => name).join(", ") || t("row.free")}</span>`}</span>
      <span class="due" data-kind=${when.kind} title=${moment(task.dueAt)}>${when.text}</span>
    </div>
  `;
}

function Skeleton() {
  return html`<div class="skeleton" role="status"><span class="unseen">${t("list.loading")}</span>${Array.from({ length: 9 }, () => html`<div class="bone"><i></i><i></i></div>`)}</div>`;
}

function Empty() {
  if (isFiltered.value) return html`<div class="empty"><h2>${t("empty.filtered")}</h2><button type="button" onClick=${clearFilters}>${t("filters.clear")}</button></div>`;
  return html`<div class="empty"><h2>${t(`empty.${view.value.scope}`)}</h2><p>${t("empty.what")}</p></div>`;
}

function Failure({ error }) {
  return html`<div class="empty" role="alert"><h2>${t("list.failed")}</h2><p>${error?.message}</p><button type="button" class="primary" onClick=${() => loadList()}>${t("again")}</button></div>`;
}

export function List() {
  const box = useRef(null);
  const { phase, error, hasMore } = list.value;
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const watch = new ResizeObserver(() => (height.value = element.clientHeight));
    watch.observe(element);
    height.value = element.clientHeight;
    // The keyboard's row is always in sight.
    const follow = effect(() => {
      const at = active.value * ROW;
      if (at < element.scrollTop) element.scrollTop = at;
      else if (at + ROW > element.scrollTop + element.clientHeight) element.scrollTop = at + ROW - element.clientHeight;
    });
    const more = effect(() => {
      const isNear = first.value + count.value + AHEAD > rows.value.length;
      if (isNear && list.value.hasMore && !isLoadingMore.value && !isBusy.value) untracked(loadMore);
    });
    return () => {
      watch.disconnect();
      follow();
      more();
    };
  }, [phase]);
  const again = () => {
    if (box.current) box.current.scrollTop = 0;
    loadList();
  };
  const all = rows.value;
  const shown = all.slice(first.value, first.value + count.value);
  const setSize = hasMore ? -1 : all.length;
  return html`
    <div class="listing" role="tabpanel" id="list" aria-labelledby=${`tab-${view.value.scope}`} aria-busy=${isBusy.value ? "true" : "false"}>
      ${fresh.value.size > 0 && html`<button type="button" class="fresh" onClick=${again}>${t("list.fresh", { n: fresh.value.size })}</button>`}
      ${phase === "loading" && html`<${Skeleton} />`}
      ${phase === "error" && html`<${Failure} error=${error} />`}
      ${phase === "ready" && all.length === 0 && html`<${Empty} />`}
      ${phase === "ready" &&
      all.length > 0 &&
      html`<div class="list" ref=${box} onScroll=${(event) => (top.value = event.target.scrollTop)}>
        <div role="list" aria-label=${t(`scope.${view.value.scope}`)} style=${{ height: `${all.length * ROW}px` }}>
          ${shown.map((task, place) => {
            const index = first.value + place;
            return html`<${Row}
              key=${task.id}
              task=${task}
              index=${index}
              total=${setSize}
              isActive=${index === active.value}
              isOpen=${task.id === openId.value}
              isGone=${gone.value.has(task.id)}
              isPicked=${selected.value.has(task.id)}
            />`;
          })}
        </div>
        ${hasMore && html`<p class="more" role="status">${t("list.more", { n: number(all.length) })}</p>`}
      </div>`}
    </div>
  `;
}
