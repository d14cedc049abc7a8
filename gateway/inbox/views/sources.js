// What is missing in the list, and the connection: never a silent gap.
import { connection } from "../live.js";
import { list, loadList, sources, viewer } from "../state.js";
import { clock, distance, t, word } from "../words.js";
import { html } from "./html.js";

const WELL = new Set(["OK", "SKIPPED"]);

/** What there is to say of a system, or null. */
function trouble(report, known) {
  const status = known && !WELL.has(known.status) && WELL.has(report.status) ? known.status : report.status;
  if (!WELL.has(status)) {
    const until = report.error?.retryAt;
    if (status === "RATE_LIMITED" && until) return t("source.RATE_LIMITED.until", { time: clock(until) });
    if (status === "STALE" && report.fetchedAt) return t("source.STALE.since", { age: distance(report.fetchedAt) });
    return `${word("source", status)}${known?.lastSuccessAt ? ` ${t("source.last", { age: distance(known.lastSuccessAt) })}` : ""}`;
  }
  if (report.error?.code === "IDENTITY_NOT_LINKED") return t("source.unlinked");
  if (report.truncated) return t("source.truncated");
  if (report.error) return report.error.message;
  return null;
}

export function SourcesBar() {
  const { reports, error } = list.value;
  const known = new Map(sources.value.map((each) => [each.id, each]));
  const told = reports.map((report) => ({ ...report.source, text: trouble(report, known.get(report.source.id)), detail: report.error?.message })).filter(({ text }) => text);
  // A system whose list was not asked for yet.
  if (!reports.length) told.push(...sources.value.filter(({ status }) => !WELL.has(status)).map((each) => ({ ...each, text: word("source", each.status) })));
  const isOffline = connection.value === "offline";
  return html`
    <div class="health" role="status" aria-live="polite" aria-label=${t("sources.label")}>
      ${isOffline && html`<p class="trouble" data-kind="offline"><strong>${t("offline")}</strong> ${t("offline.what")}</p>`}
      ${connection.value === "polling" && viewer.value && html`<p class="trouble" data-kind="polling">${t("polling")}</p>`}
      ${told.map(
        (each) => html`<p class="trouble" key=${each.id} data-source=${each.key} title=${each.detail ?? ""}><strong>${each.name}</strong> ${each.text}</p>`,
      )}
      ${error && !isOffline && list.value.phase === "ready" && html`<p class="trouble">${error.message} <button type="button" class="quiet" onClick=${() => loadList()}>${t("again")}</button></p>`}
    </div>
  `;
}
