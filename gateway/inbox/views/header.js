// The top of the page: search, next task, the person's menu, and the scopes as tabs.
import { useRef, useState } from "preact/hooks";
import { SCOPES, change, view } from "../address.js";
import { counts, dialog, viewer } from "../state.js";
import { chooseLanguage, language, number, t } from "../words.js";
import { busy, takeNext } from "../writes.js";
import { Avatar, html } from "./html.js";

const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" };

function Search() {
  const timer = useRef(null);
  const find = (q) => q === view.value.q || change({ q });
  const write = (event) => {
    const q = event.target.value;
    clearTimeout(timer.current);
    // While a person types, the space before the next word stays. A field that is left has told all at once: a tap elsewhere,
    // such as on "Clear filters", comes after it and must win.
    if (event.type === "change") find(q.trim());
    else timer.current = setTimeout(() => find(q), 300);
  };
  return html`
    <div class="search" role="search">
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 3.5 3.5" /></svg>
      <input id="search" type="search" placeholder=${t("search")} aria-label=${t("search")} maxlength="200" value=${view.value.q} onInput=${write} onChange=${write} />
      <kbd aria-hidden="true">/</kbd>
    </div>
  `;
}

function Choice({ label, value, options, onChange }) {
  return html`<label class="choice"><span>${label}</span>
    <select value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${options.map(([each, text]) => html`<option value=${each} selected=${each === value}>${text}</option>`)}
    </select></label>`;
}

function Menu({ session }) {
  const [theme, setTheme] = useState(session.theme());
  const { people, hasGraphiql, languages } = session.config;
  const user = viewer.value?.user;
  const name = user?.displayName ?? "…";
  const person = people.find((each) => each.name === name);
  return html`
    <details class="menu person">
      <summary aria-label=${t("menu.of", { name })}><${Avatar} name=${name} /><span class="name">${name}</span></summary>
      <div class="sheet">
        <p class="who"><strong>${name}</strong>${user?.email && html`<span class="faint">${user.email}</span>`}${person && html`<span class="faint">${person.belongs}</span>`}</p>
        ${people.length > 0 &&
        html`<${Choice} label=${t("menu.person")} value=${person?.key ?? session.config.person} options=${people.map((each) => [each.key, each.name])} onChange=${(key) => session.become(key)} />`}
        <${Choice}
          label=${t("menu.theme")}
          value=${theme}
          options=${["system", "light", "dark"].map((each) => [each, t(`theme.${each}`)])}
          onChange=${(chosen) => {
            session.chooseTheme(chosen);
            setTheme(chosen);
          }}
        />
        <${Choice} label=${t("menu.language")} value=${language.value} options=${languages.map((each) => [each, LANGUAGES[each] ?? each])} onChange=${chooseLanguage} />
        <div class="links">
          <button type="button" onClick=${() => (dialog.value = { name: "help" })}>${t("key.help")} <kbd aria-hidden="true">?</kbd></button>
          ${hasGraphiql && html`<a href="graphql">${t("menu.graphql")}</a>`}
          ${people.length === 0 && html`<button type="button" onClick=${session.signOut}>${t("menu.signOut")}</button>`}
        </div>
      </div>
    </details>
  `;
}

export function Header({ session }) {
  return html`
    <header class="top">
      <h1><a href="./" class="brand" onClick=${(event) => { event.preventDefault(); change({ scope: "MINE" }); }}>taskgate</a></h1>
      <${Search} />
      <button type="button" class="primary next" disabled=${busy.value === "NEXT"} onClick=${takeNext}>${t("next")}</button>
      <${Menu} session=${session} />
    </header>
  `;
}

/** The number on a tab: what it says is no more exact than the graph is. */
const told = (count) => (count ? `${number(count.total)}${count.accuracy === "LOWER_BOUND" ? "+" : ""}` : "");

export function Tabs() {
  const go = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = SCOPES[(SCOPES.indexOf(view.value.scope) + by + SCOPES.length) % SCOPES.length];
    change({ scope: next });
    document.getElementById(`tab-${next}`).focus();
  };
  return html`
    <div class="tabs" role="tablist" aria-label=${t("tabs.label")} onKeyDown=${go}>
      ${SCOPES.map((scope) => {
        const count = counts.value?.[scope];
        const isChosen = view.value.scope === scope;
        return html`<button type="button" role="tab" id=${`tab-${scope}`} aria-selected=${isChosen ? "true" : "false"} aria-controls="list" tabindex=${isChosen ? 0 : -1} onClick=${() => change({ scope })}>
          ${t(`scope.${scope}`)}<span class="count" aria-label=${count ? t("tabs.count", { n: count.total }) : ""}>${told(count)}</span>
          ${count?.overdue > 0 && scope === "MINE" && html`<span class="late">${t("tabs.overdue", { n: count.overdue })}</span>`}
        </button>`;
      })}
    </div>
  `;
}
