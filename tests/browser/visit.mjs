// Visits the gateway's page in a Chromium that reaches no other host.
// `visit.mjs CHROMIUM` reads one visit a line, {address, steps, also}, each step [name, ...arguments]. It prints a line with what
// each step told, and whatever the page wanted elsewhere (`also` names origins that it may reach) or complained about. Each visit has a profile of its own.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { inboxSteps } from "./inbox.mjs";

const PATIENCE_MS = Number(process.env.VISIT_PATIENCE_MS ?? 120_000);

// A user-data-dir of its own is what launch() makes and removes.
const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    // Below what the page can see: no name but this machine's is found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ],
});

async function visit(order) {
  const home = new URL(order.address).origin;
  const abroad = [];
  const complaints = [];

  const context = await browser.newContext({ viewport: { width: 1440, height: 860 } });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(() =>
    addEventListener("securitypolicyviolation", (event) => console.error("policy", event.violatedDirective, event.blockedURI, event.sample)),
  );
  await context.route("**/*", (route) => {
    const { origin } = new URL(route.request().url());
    if (origin === home || order.also.includes(origin)) return route.continue();
    abroad.push(route.request().url());
    return route.abort();
  });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("websocket", (socket) => new URL(socket.url()).host !== new URL(home).host && abroad.push(socket.url()));

  const editor = (place) => page.locator(`${place} .CodeMirror`);
  // The operation's name, which goes with the request, follows the text a moment later.
  const named = (name) =>
    page.waitForFunction((expected) => document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === expected, name);
  const read = (place) => editor(place).evaluate((element) => element.CodeMirror.getValue());

  const told = { variables: "" };
  const steps = {
    ...inboxSteps(page, context, order),
    /** From now on this file does not arrive. */
    async lose(name) {
      await page.route(`**/${name}`, (route) => route.abort());
    },
    async open() {
      await page.goto(`${order.address}/graphql`);
      return page.title();
    },
    async said() {
      return page.locator("main").innerText();
    },
    /** The names of the tabs, when GraphiQL has drawn them. */
    async tabs() {
      await page.locator(".graphiql-execute-button").waitFor();
      return page.getByRole("tab").allInnerTexts();
    },
    async tab(name) {
      await page.getByRole("tab", { name, exact: true }).click();
      await named(name);
      return read(".graphiql-query-editor");
    },
    async write(name, query) {
      await editor(".graphiql-query-editor").evaluate((element, text) => element.CodeMirror.setValue(text), query);
      await named(name);
    },
    async variables() {
      told.variables = await read(".graphiql-editor-tool .graphiql-editor:not(.hidden)");
      return JSON.parse(told.variables);
    },
    /** Waits until the page has put other variables into the tab than those that were told last. */
    async refilled() {
      const place = ".graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror";
      await page.waitForFunction(([at, text]) => document.querySelector(at).CodeMirror.getValue() !== text, [place, told.variables]);
    },
    /** Writes a query and runs it at once; gives the answer. */
    async hurry(query) {
      await editor(".graphiql-response").evaluate((element) => element.CodeMirror.setValue(""));
      await page.evaluate((text) => {
        document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.setValue(text);
        document.querySelector(".graphiql-execute-button").click();
      }, query);
      await page.waitForFunction(() => document.querySelector(".graphiql-response .CodeMirror").CodeMirror.getValue() !== "");
      return JSON.parse(await read(".graphiql-response"));
    },
    /** Runs the tab in front; gives the answer that is shown. */
    async run() {
      await editor(".graphiql-response").evaluate((element) => element.CodeMirror.setValue(""));
      await page.locator(".graphiql-execute-button").click();
      await page.waitForFunction(() => document.querySelector(".graphiql-response .CodeMirror").CodeMirror.getValue() !== "");
      return JSON.parse(await read(".graphiql-response"));
    },
    /** Chooses by keyboard alone, as who sees no pointer does. */
    async person(initial) {
      await page.getByLabel("Ask as").focus();
      await page.keyboard.type(initial);
      await page.keyboard.press("Enter");
      return page.locator("#belongs").innerText();
    },
    async people() {
      return page.getByLabel("Ask as").locator("option").allInnerTexts();
    },
    async key(key) {
      await page.getByLabel("API key or token").fill(key);
      await page.keyboard.press("Enter");
    },
    /** Signs in at the provider, where a person is chosen; ends on the page again. */
    async signIn(person) {
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("link", { name: person }).click();
      await page.getByText("Signed in").waitFor();
      return { address: page.url(), kept: await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }])) };
    },
    /** Opens the page as a provider would that was not asked. */
    async answer(query) {
      await page.goto(`${order.address}/graphql?${query}`);
      await page.getByRole("button", { name: "Sign in" }).waitFor();
      return page.locator("main").innerText();
    },
    /** What the documentation says of the graph's roots: it comes by introspection. */
    async documentation() {
      const explorer = page.locator(".graphiql-doc-explorer");
      if (!(await explorer.isVisible())) await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
      await explorer.getByText("Root Types").waitFor();
      return explorer.innerText();
    },
    /** Opens what GraphiQL shows in layers of its own. */
    async dialogs() {
      const seen = [];
      for (const name of ["Open short keys dialog", "Open settings dialog"]) {
        await page.getByRole("button", { name }).click();
        seen.push(await page.getByRole("dialog").getByRole("heading").first().innerText());
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }
      return seen;
    },
    /** What the editor offers after the text is typed at the end of the query. */
    async completions(query) {
      await editor(".graphiql-query-editor").evaluate((element, text) => {
        element.CodeMirror.setValue("");
        element.CodeMirror.focus();
      });
      await page.keyboard.type(query);
      await page.locator(".CodeMirror-hints").waitFor();
      return page.locator(".CodeMirror-hint").allInnerTexts();
    },
    async screenshot(path) {
      await page.screenshot({ path });
    },
  };

  try {
    const answers = [];
    for (const [name, ...rest] of order.steps) {
      try {
        answers.push((await steps[name](...rest)) ?? null);
      } catch (error) {
        throw new Error(`step ${answers.length}, ${name} ${JSON.stringify(rest).slice(0, 200)}: ${error.message}\n${complaints.join("\n")}`);
      }
    }
    return { told: answers, abroad, complaints };
  } finally {
    await context.close();
  }
}

try {
  for await (const line of createInterface({ input: process.stdin })) {
    // The next test has the browser still.
    const seen = await visit(JSON.parse(line)).catch((error) => ({ failed: error.message }));
    console.log(JSON.stringify(seen));
  }
} finally {
  await browser.close();
}
