// Steps of a visit to the inbox page: as a person does them, by roles, names and keys.
import { readFileSync } from "node:fs";

const AXE = new URL("./node_modules/axe-core/axe.min.js", import.meta.url);

/** Sends to a stand-in or to the gateway from outside of the browser. */
async function send(url, { method = "POST", json, person } = {}) {
  const headers = { "content-type": "application/json", ...(person ? { authorization: `Bearer ${person}` } : {}) };
  const response = await fetch(url, { method, headers, body: json === undefined ? undefined : JSON.stringify(json) });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** A list of so many tasks, in pages, in place of the gateway's. */
function longList(total) {
  const source = { __typename: "Source", id: "long", key: "long", name: "A long list", vendor: "long" };
  const task = (place) => ({
    id: `task-${place}`, title: `Task ${place + 1}`, state: "READY", isOpen: true, isOverdue: false, isEscalated: null, dueAt: new Date(Date.UTC(2030, 0, 1) + place * 60_000).toISOString(),
    createdAt: "2026-01-01T00:00:00Z", priority: "MEDIUM", pendingTransition: null, version: null, source, assignee: null, candidateGroups: [], definition: null, subjects: [], businessKey: `CASE-${place}`,
  });
  return ({ first, after }) => {
    const start = Number(after ?? 0);
    const nodes = Array.from({ length: Math.min(first, total - start) }, (_, place) => task(start + place));
    const end = start + nodes.length;
    const report = { source, status: "OK", count: total, fetchedAt: null, truncated: false, note: null, error: null };
    return { data: { viewer: { inbox: { nodes, totalCount: total, totalAccuracy: "EXACT", isComplete: true, pageInfo: { hasNextPage: end < total, endCursor: String(end) }, sources: [report] } } } };
  };
}

/** Answers operations of this name in place of the gateway; `answer` gets the variables, long numbers as texts with all digits. */
const replace = (page, name, answer) =>
  page.route("**/graphql", async (route) => {
    const { query = "", variables } = JSON.parse((route.request().postData() ?? "{}").replace(/":(\d{16,})(?=[,}])/g, '":"number $1"'));
    if (!new RegExp(`(query|mutation) ${name}\\b`).test(query)) return route.fallback();
    return route.fulfill({ status: 200, contentType: "application/json", body: JSON.stringify(await answer(variables, route)) });
  });

export function inboxSteps(page, context, order) {
  const sent = [];
  return {
    /** Opens the page; its list, an empty one or the entrance is there afterwards. */
    async inbox(path = "/", { width = 1280, height = 800, theme = "light" } = {}) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.goto(order.address + path);
      await page.locator(".row, .empty, .entrance, .notice").first().waitFor();
      return page.title();
    },
    async press(...keys) {
      for (const key of keys) await page.keyboard.press(key);
    },
    async type(text) {
      await page.keyboard.type(text);
    },
    async click(role, name) {
      await page.getByRole(role, { name }).first().click();
    },
    async tap(selector) {
      await page.locator(selector).first().click();
    },
    async fill(label, value) {
      await page.getByLabel(label, { exact: true }).first().fill(value);
    },
    async pick(label, option) {
      await page.getByRole("combobox", { name: label, exact: true }).first().selectOption({ label: option });
    },
    async check(label) {
      await page.getByLabel(label, { exact: true }).first().check();
    },
    /** Waits until something is seen. */
    async see(selector) {
      await page.locator(selector).first().waitFor();
      return page.locator(selector).first().innerText();
    },
    async unsee(selector) {
      await page.locator(selector).first().waitFor({ state: "hidden" });
    },
    async texts(selector) {
      return (await page.locator(selector).allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
    },
    /** The name of what the keyboard is on, as screen readers say it. */
    async focused() {
      return page.evaluate(() => {
        const on = document.activeElement;
        return { tag: on.localName, name: on.getAttribute("aria-label") ?? on.labels?.[0]?.innerText.replace(/\s*\*$/, "") ?? on.innerText };
      });
    },
    /** Roles and names of the page's parts, as in the accessibility tree. */
    async roles(selector = "body") {
      return page.locator(selector).ariaSnapshot();
    },
    async address() {
      return page.url().slice(order.address.length);
    },
    async graph(person, query, variables = {}) {
      return (await send(`${order.address}/graphql`, { json: { query, variables }, person })).data;
    },
    async control(base, what, json, method) {
      return send(`${base}/__sandbox__/${what}`, { json, method: method ?? (json === undefined ? "GET" : "POST") });
    },
    async offline(is) {
      await context.setOffline(is);
    },
    /** Rules that the page breaks, with the elements. `rules` bounds them. */
    async axe(rules = null) {
      await page.evaluate(readFileSync(AXE, "utf8"));
      const { violations } = await page.evaluate((only) => window.axe.run(document, only ? { runOnly: { type: "rule", values: only } } : {}), rules);
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary.split("\n").slice(1).join(" ")}`).join("; ")}`);
    },
    async look(path, { width = 1280, height = 800, theme = "light" } = {}) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.screenshot({ path, animations: "disabled" });
    },
    /** How many pixels the page is wider than the window. */
    async tooWide() {
      return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    },
    /** From now on the list has so many tasks. */
    async lengthen(total) {
      const answer = longList(total);
      await replace(page, "List", answer);
    },
    /** Scrolls the list to its end, page by page; gives how many rows were in the document at most, and long tasks in ms. */
    async scrollToTheEnd(total) {
      return page.evaluate(async (wanted) => {
        const long = [];
        new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: "longtask" });
        const box = document.querySelector(".list");
        const frame = () => new Promise((done) => requestAnimationFrame(done));
        let [most, frames] = [0, 0];
        const begun = performance.now();
        for (;;) {
          const before = box.scrollTop;
          box.scrollTop += box.clientHeight * 4;
          await frame();
          frames += 1;
          most = Math.max(most, document.querySelectorAll(".row").length);
          const last = [...document.querySelectorAll(".row")].some((row) => row.getAttribute("aria-posinset") === String(wanted));
          if ((last && box.scrollTop === before) || frames > 20_000) break;
          // The next page is on its way.
          if (box.scrollTop === before) await new Promise((done) => setTimeout(done, 5));
        }
        return { most, frames, long, ms: Math.round(performance.now() - begun), title: [...document.querySelectorAll(".row .title")].at(-1).textContent };
      }, total);
    },
    /** From now on the open task has this form. */
    async giveForm(fields) {
      await page.route("**/graphql", async (route) => {
        const { query = "" } = JSON.parse(route.request().postData() ?? "{}");
        if (!/query Detail\b/.test(query)) return route.fallback();
        const response = await route.fetch();
        const answer = await response.json();
        answer.data.task.form = { kind: "FIELDS", url: null, fields };
        return route.fulfill({ response, json: answer });
      });
    },
    /** From now on writes of this name are kept from the gateway; `write` answers them. */
    async keepWrite(name, write) {
      await replace(page, name, (variables) => {
        sent.push(variables.input);
        return { data: { write } };
      });
    },
    async kept() {
      return sent;
    },
    /** Bytes of the page's files as they travel. */
    async weighed() {
      return page.evaluate(() => {
        const files = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/inbox/files/"));
        return { files: files.length, bytes: files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) };
      });
    },
    /** ms from the first byte of the page to the first row. */
    async firstList() {
      await page.addInitScript(() => {
        const watch = new MutationObserver(() => {
          if (!document.querySelector(".row")) return;
          watch.disconnect();
          requestAnimationFrame(() => setTimeout(() => (window.firstRow = performance.now())));
        });
        watch.observe(document, { childList: true, subtree: true });
      });
      await page.goto(`${order.address}/`);
      await page.waitForFunction(() => window.firstRow);
      return page.evaluate(() => Math.round(window.firstRow - performance.getEntriesByType("navigation")[0].responseStart));
    },
  };
}
