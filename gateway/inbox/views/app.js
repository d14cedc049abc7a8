// The whole page: entrance or inbox, dialogs, and what is said.
import { useEffect } from "preact/hooks";
import { openId } from "../address.js";
import { isRefused } from "../graph.js";
import { counts, dialog, said, selected, viewer } from "../state.js";
import { t } from "../words.js";
import { BulkBar, BulkDialog } from "./bulk.js";
import { AssignDialog } from "./assign.js";
import { CancelDialog } from "./cancel.js";
import { Entrance } from "./entrance.js";
import { Filters } from "./filters.js";
import { Header, Tabs } from "./header.js";
import { HelpDialog } from "./help.js";
import { html } from "./html.js";
import { List } from "./list.js";
import { SourcesBar } from "./sources.js";
import { Task } from "./task.js";

const DIALOGS = { assign: AssignDialog, cancel: CancelDialog, bulk: BulkDialog, help: HelpDialog };

/** Words that go away by themselves; screen readers get them too. */
function Said() {
  const { text, n, isQuiet } = said.value;
  useEffect(() => {
    if (!text) return undefined;
    const timer = setTimeout(() => said.value.n === n && (said.value = { text: "", n, isQuiet }), 8_000);
    return () => clearTimeout(timer);
  }, [n]);
  return html`<div class=${isQuiet ? "unseen" : "said"} role="status" aria-live="polite">${text && html`<p key=${n}>${text}</p>`}</div>`;
}

export function App({ session }) {
  const open = openId.value;
  const total = counts.value?.MINE.total;
  useEffect(() => {
    document.title = total ? `(${total}) taskgate` : "taskgate";
  }, [total]);
  if (isRefused.value || session.entrance.value !== null) return html`<${Entrance} session=${session} />`;
  const Dialog = dialog.value && DIALOGS[dialog.value.name];
  return html`
    <a class="skip" href="#list" onClick=${(event) => { event.preventDefault(); document.querySelector(".row .title")?.focus(); }}>${t("skip")}</a>
    <${Header} session=${session} />
    <main class=${open ? "with-task" : ""}>
      <section class="inbox" aria-label=${t("list.label")}>
        <${Tabs} />
        <${Filters} />
        <${SourcesBar} />
        <${List} />
        ${selected.value.size > 0 && html`<${BulkBar} />`}
      </section>
      ${open && html`<${Task} key=${open} id=${open} />`}
    </main>
    ${Dialog && html`<${Dialog} ...${dialog.value} viewer=${viewer.value} />`}
    <${Said} />
  `;
}
