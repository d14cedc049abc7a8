// Texts, dates and numbers in the person's language.
import { signal } from "@preact/signals";

const KEPT = "taskgate:language";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let texts = {};
let forms = {};
export const language = signal("en");

function chosen(languages) {
  const kept = localStorage.getItem(KEPT);
  const wanted = [kept, ...(navigator.languages ?? [navigator.language])].filter(Boolean).map((each) => each.toLowerCase().split("-")[0]);
  return wanted.find((each) => languages.includes(each)) ?? "en";
}

/** Loads the texts of the language that the person has chosen here, or else in the browser. */
export async function loadTexts(languages) {
  const found = chosen(languages);
  texts = (await import(`./texts/${found}.js`)).default;
  // The region of the browser's own language, for dates and numbers: en-GB writes another date than en-US.
  const region = (navigator.languages ?? []).find((each) => each.toLowerCase().split("-")[0] === found) ?? found;
  forms = {
    time: new Intl.DateTimeFormat(region, { hour: "2-digit", minute: "2-digit" }),
    day: new Intl.DateTimeFormat(region, { day: "numeric", month: "short" }),
    full: new Intl.DateTimeFormat(region, { day: "numeric", month: "short", year: "numeric" }),
    both: new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" }),
    ago: new Intl.RelativeTimeFormat(region, { numeric: "auto" }),
    number: new Intl.NumberFormat(region),
    plural: new Intl.PluralRules(region),
  };
  document.documentElement.lang = found;
  language.value = found;
}

export async function chooseLanguage(wanted) {
  localStorage.setItem(KEPT, wanted);
  location.reload();
}

/** The text of this name, with {names} filled in. A text that is an object has plural forms, chosen by `n`. */
export function t(name, values = {}) {
  let text = texts[name] ?? name;
  if (typeof text === "object") text = text[forms.plural.select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, each) => (typeof values[each] === "number" ? forms.number.format(values[each]) : (values[each] ?? "")));
}

/** The word for a value of the graph, such as a state; the value in small letters if there is none. */
export const word = (kind, value) => texts[`${kind}.${value}`] ?? String(value).toLowerCase().replaceAll("_", " ");

export const number = (value) => forms.number.format(value);
export const moment = (text) => (text ? forms.both.format(new Date(text)) : "");
export const clock = (text) => forms.time.format(new Date(text));

const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);

/** How long ago, or how far away: "3 days ago", "in 2 hours". */
export function distance(text, now = Date.now()) {
  const ms = new Date(text) - now;
  const days = Math.round((midnight(ms + now) - midnight(now)) / DAY);
  if (Math.abs(days) >= 1) return forms.ago.format(days, "day");
  if (Math.abs(ms) >= HOUR) return forms.ago.format(Math.round(ms / HOUR), "hour");
  return forms.ago.format(Math.round(ms / 60_000), "minute");
}

/** What a row says of a due time: `kind` is "overdue", "today", "soon", "later" or "none". */
export function due(task, now = Date.now()) {
  if (!task.dueAt) return { kind: "none", text: "" };
  const at = new Date(task.dueAt);
  const days = Math.round((midnight(at) - midnight(now)) / DAY);
  if (task.isOpen && at < now) return { kind: "overdue", text: days === 0 ? t("due.overdueToday", { time: clock(task.dueAt) }) : t("due.overdue", { n: Math.max(-days, 1) }) };
  if (days === 0) return { kind: "today", text: t("due.today", { time: clock(task.dueAt) }) };
  if (days === 1) return { kind: "soon", text: t("due.tomorrow", { time: clock(task.dueAt) }) };
  const isThisYear = at.getFullYear() === new Date(now).getFullYear();
  return { kind: "later", text: (isThisYear ? forms.day : forms.full).format(at) };
}
