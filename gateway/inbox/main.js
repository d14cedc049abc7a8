// Starts the page: language, sign-in, first list.
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import "./sign_in.js";
import { isRefused, token } from "./graph.js";
import { listenToKeys } from "./keys.js";
import { followChanges } from "./live.js";
import { dialog, list, restart, start } from "./state.js";
import { App } from "./views/app.js";
import { html } from "./views/html.js";
import { loadTexts, t } from "./words.js";

const KEPT = { person: "taskgate:person", theme: "taskgate:theme" };
const config = JSON.parse(document.getElementById("config").textContent);
/** What the sign-in page says; null while a person is signed in. */
const entrance = signal(null);
let isStarted = false;

function begin() {
  entrance.value = null;
  isRefused.value = false;
  const done = isStarted ? restart() : start();
  done.catch((error) => {
    if (!isRefused.value) list.value = { ...list.value, phase: "error", error };
  });
  if (!isStarted) followChanges();
  isStarted = true;
}

export const session = {
  config,
  entrance,
  /** For the demo: the person's key is the token. */
  become(person) {
    localStorage.setItem(KEPT.person, person);
    token.value = person;
    begin();
  },
  use(key) {
    token.value = key;
    begin();
  },
  leave: (login) => globalThis.signIn.leave(login).catch((error) => (entrance.value = error.message)),
  // The token is in this page's memory only.
  signOut: () => location.reload(),
  theme: () => localStorage.getItem(KEPT.theme) ?? "system",
  chooseTheme(theme) {
    localStorage.setItem(KEPT.theme, theme);
    dress();
  },
};

function dress() {
  const theme = session.theme();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

async function enter() {
  if (config.people.length) {
    const chosen = localStorage.getItem(KEPT.person);
    token.value = config.people.some(({ key }) => key === chosen) ? chosen : config.person;
    return begin();
  }
  try {
    token.value = config.logins.length ? await globalThis.signIn.returned(config.logins) : null;
    if (token.value) return begin();
    entrance.value = config.hasLogin && !config.logins.length ? t("entrance.away") : "";
  } catch (error) {
    entrance.value = error.message;
  }
}

dress();
await loadTexts(config.languages);
effect(() => {
  if (!isRefused.value) return;
  dialog.value = null;
  entrance.value = token.value ? t("entrance.refused") : "";
});
const place = document.getElementById("inbox");
place.replaceChildren();
enter();
render(html`<${App} session=${session} />`, place);
listenToKeys();
