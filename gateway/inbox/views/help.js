// The keys.
import { KEYS } from "../keys.js";
import { t } from "../words.js";
import { Dialog } from "./dialog.js";
import { html } from "./html.js";

export const HelpDialog = () => html`<${Dialog} title=${t("key.help")}>
  <dl class="keys">${KEYS.map(([keys, name]) => html`<div><dt>${keys.split(" ").map((each) => (each.length > 1 || /[a-z?/]/.test(each) ? html`<kbd>${each}</kbd>` : html` ${each} `))}</dt><dd>${t(name)}</dd></div>`)}</dl>
<//>`;
