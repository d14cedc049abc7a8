// Before a person is known: providers to sign in at, or a field for a key.
import { useState } from "preact/hooks";
import { t } from "../words.js";
import { html } from "./html.js";

export function Entrance({ session }) {
  const [key, setKey] = useState("");
  const { logins } = session.config;
  const told = session.entrance.value;
  const enter = (event) => {
    event.preventDefault();
    if (key.trim()) session.use(key.trim());
  };
  return html`
    <main class="entrance">
      <div class="card">
        <h1><span class="brand">taskgate</span></h1>
        <p>${t("entrance.what")}</p>
        ${told && html`<p class="warning" role="alert">${told}</p>`}
        ${logins.map(
          (login) => html`<button type="button" class="primary wide" onClick=${() => session.leave(login)}>
            ${logins.length > 1 ? t("entrance.signInAt", { host: new URL(login.issuer).host }) : t("entrance.signIn")}
          </button>`,
        )}
        <form onSubmit=${enter}>
          <label for="key">${t("entrance.key")}</label>
          <input id="key" type="password" autocomplete="off" spellcheck="false" value=${key} onInput=${(event) => setKey(event.target.value)} aria-describedby="key-kept" />
          <p id="key-kept" class="faint">${t("entrance.kept")}</p>
          <button class=${logins.length ? "wide" : "primary wide"}>${t("entrance.use")}</button>
        </form>
        ${session.config.hasGraphiql && html`<p class="faint"><a href="graphql">${t("menu.graphql")}</a></p>`}
      </div>
    </main>
  `;
}
