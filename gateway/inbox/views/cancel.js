// Cancels a task by one of the ways that its system has. What each way ends stands beside it.
import { useEffect, useState } from "preact/hooks";
import { t } from "../words.js";
import { busy, cancel, cancelWays } from "../writes.js";
import { close, Dialog } from "./dialog.js";
import { html } from "./html.js";

export function CancelDialog({ task }) {
  const [ways, setWays] = useState(null);
  const [way, setWay] = useState(null);
  const [reason, setReason] = useState("");
  const [error, setError] = useState(null);
  useEffect(() => {
    cancelWays(task)
      .then((found) => {
        setWays(found);
        setWay(Object.keys(found).find((each) => found[each].isPossible) ?? null);
      })
      .catch((failure) => setError(failure.message));
  }, []);
  const send = async (event) => {
    event.preventDefault();
    if (!way || busy.value) return;
    await cancel(task, way, reason);
    close();
  };
  return html`
    <${Dialog} title=${t("cancel.title", { title: task.title })}>
      <form onSubmit=${send}>
        ${error && html`<p class="error" role="alert">${error}</p>`}
        ${!ways && !error && html`<p class="faint" role="status">${t("cancel.asking", { system: task.source.name })}</p>`}
        ${ways && !way && html`<p role="status">${t(Object.keys(ways).length ? "cancel.off" : "cancel.none", { system: task.source.name })}</p>`}
        ${ways && Object.keys(ways).length > 0 &&
        html`<fieldset class="ways"><legend>${t("cancel.ways")}</legend>
          ${Object.entries(ways).map(
            ([each, { isPossible, text }]) => html`<label class="option"><input type="radio" name="way" value=${each} checked=${way === each} disabled=${!isPossible} onChange=${() => setWay(each)} />
              <span><strong>${t(`cancel.${each}`)}</strong><span class="below faint">${isPossible ? `${t(`cancel.${each}.what`)} ${text}` : text}</span></span></label>`,
          )}</fieldset>
          ${way && html`<label class="stacked"><span>${t("reason")}</span><input value=${reason} maxlength="500" onInput=${(event) => setReason(event.target.value)} /></label>`}`}
        <footer><button type="button" onClick=${close}>${t("dialog.close")}</button><button class="danger solid" disabled=${!way || Boolean(busy.value)}>${t("action.CANCEL")}</button></footer>
      </form>
    <//>
  `;
}
