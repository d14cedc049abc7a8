"use strict";
// GraphiQL over the gateway that served it. #config holds the gateway's settings of the page.
{
  const config = JSON.parse(document.getElementById("config").textContent);
  const place = document.getElementById("graphiql");
  const KEPT = { person: "taskgate:person", sample: "taskgate:sample" };
  const isDemo = config.people.length > 0;
  const chosen = localStorage.getItem(KEPT.person);
  let token = isDemo && config.people.some(({ key }) => key === chosen) ? chosen : config.person;
  // What the tabs are filled with, and the ids that they were filled with before.
  let current = filling.variables([]);
  const past = new Set();
  // GraphiQL's dialogs read this nonce: the Content-Security-Policy allows only style elements that carry it.
  window.__webpack_nonce__ = config.nonce;

  /** What GraphiQL sends. */
  async function fetchFromTab(url, init = {}) {
    const body = typeof init.body === "string" ? JSON.parse(init.body) : {};
    if (typeof body.query !== "string") return fetchAs(url, init);
    const sent = { ...body, operationName: filling.operationName(body.query, body.operationName) };
    const response = await fetchAs(url, { ...init, body: JSON.stringify(sent) });
    if (isDemo && body.variables?.id && (body.variables.id === current.id || past.has(body.variables.id)))
      response
        .clone()
        .json()
        .then(({ data }) => filling.isUsed(data) && refill())
        .catch(() => {});
    return response;
  }

  async function fetchAs(url, init = {}) {
    const headers = new Headers(init.headers);
    // The headers editor overrides the chosen person.
    if (token && !headers.has("authorization")) headers.set("Authorization", `Bearer ${token}`);
    const response = await fetch(url, { ...init, headers });
    // The token is over, or not accepted.
    if (response.status === 401 && config.logins.length) offerLogins();
    return response;
  }

  function isSubscription({ operationName }, options) {
    const operations = (options?.documentAST?.definitions ?? []).filter(({ kind }) => kind === "OperationDefinition");
    const chosen = operations.find(({ name }) => name?.value === operationName) ?? operations[0];
    return chosen?.operation === "subscription";
  }

  /** The events of a subscription, until GraphiQL stops it. */
  function events(params, options) {
    const stopped = new AbortController();
    const told = read(params, options, stopped.signal);
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => told.next(),
        return: () => {
          stopped.abort();
          return told.return();
        },
      }),
    };
  }

  async function* read(params, options, signal) {
    const headers = { ...options?.headers, "content-type": "application/json", accept: "text/event-stream" };
    try {
      const response = await fetchAs(location.pathname, { method: "POST", headers, body: JSON.stringify(params), signal });
      if (!response.ok) return yield await response.json();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ""; ; ) {
        const { done, value } = await reader.read();
        if (done) return;
        const parts = (text + value).split("\n\n");
        text = parts.pop();
        for (const part of parts) {
          const data = /^data: (.+)$/m.exec(part);
          if (data) yield JSON.parse(data[1]);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  function say(text) {
    place.firstElementChild.textContent = text;
  }

  function button(label, pressed) {
    const made = Object.assign(document.createElement("button"), { textContent: label, type: "button" });
    made.addEventListener("click", pressed);
    return made;
  }

  /** A button for each identity provider. */
  function offerLogins() {
    const bar = document.getElementById("logins");
    const at = (login) => (config.logins.length > 1 ? ` at ${new URL(login.issuer).host}` : "");
    bar.replaceChildren(
      ...config.logins.map((login) => button(`Sign in${at(login)}`, () => signIn.leave(login).catch((error) => say(error.message)))),
    );
    bar.hidden = false;
  }

  function showSignedIn() {
    const bar = document.getElementById("logins");
    // The token is in this page's memory only.
    bar.replaceChildren("Signed in", button("Sign out", () => location.reload()));
    bar.hidden = false;
  }

  /** Signs in at a provider; true with a token. Otherwise the page says what to do. */
  async function isSignedIn() {
    try {
      token = await signIn.returned(config.logins);
    } catch (error) {
      say(`${error.message} Sign in again.`);
      offerLogins();
      return false;
    }
    if (token) {
      showSignedIn();
      return true;
    }
    offerLogins();
    say("Sign in above, or enter an API key or a token. Only this page keeps it; closing the page forgets it.");
    return false;
  }

  function showPeople() {
    const choice = document.getElementById("person");
    for (const person of config.people) choice.add(new Option(person.name, person.key, false, person.key === token));
    const tell = () => {
      token = choice.value;
      localStorage.setItem(KEPT.person, token);
      document.getElementById("belongs").value = config.people.find((person) => person.key === token).belongs;
    };
    choice.addEventListener("change", () => {
      tell();
      refill();
    });
    tell();
    document.getElementById("demo").hidden = false;
  }

  function showSignIn(signedIn) {
    const form = document.getElementById("sign-in");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // In memory only: closing the page forgets it.
      token = document.getElementById("key").value.trim();
      signedIn();
    });
    form.hidden = false;
  }

  async function ask(query, variables) {
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ query, variables }) };
    return (await (await fetchAs(location.pathname, request)).json()).data;
  }

  /** The variables of the examples: those of the task `kept` while it is open, else of one that may be claimed. */
  async function sample(kept) {
    try {
      const { task, viewer } = await ask(config.sample, { id: kept });
      const isFree = task && (!task.assignee || task.assignee.id === viewer.user.id);
      const isOpen = isFree && ["READY", "RESERVED", "IN_PROGRESS"].includes(task.state);
      const found = filling.variables(isOpen ? [task] : viewer.inbox.nodes);
      const users = found.id ? (await ask(config.assignees, { id: found.id })).users.nodes : [];
      return { ...found, user: users.find(({ id }) => id !== viewer.user.id)?.id ?? null };
    } catch {
      return { ...filling.variables([]), user: null };
    }
  }

  async function refill(kept = "") {
    past.add(current.id);
    current = await sample(kept);
    past.delete(current.id);
    localStorage.setItem(KEPT.sample, current.id);
    fillTab();
  }

  /** Replaces what an earlier task has left in the tab in front. The others follow when they come to the front. */
  function fillTab() {
    for (const { CodeMirror: editor } of document.querySelectorAll(".graphiql-editor-tool .CodeMirror")) {
      const text = filling.renewed(editor.getValue(), past, current);
      if (text !== null) editor.setValue(text);
    }
  }

  function tab(example, task) {
    const variables = Object.fromEntries(example.variables.map((name) => [name, task[name] ?? null]));
    return { query: example.query, variables: example.variables.length ? JSON.stringify(variables, null, 2) : undefined };
  }

  async function start() {
    if (!window.React || !window.ReactDOM || !window.GraphiQL) {
      say("GraphiQL's files could not be loaded. Reload the page; if that does not help, ask the operator of this gateway.");
      return;
    }
    const root = ReactDOM.createRoot(place);
    // Not without a token, which the query needs, nor with that of a real person, whose tasks are no examples.
    if (isDemo) {
      const kept = localStorage.getItem(KEPT.sample) ?? "";
      past.add(kept);
      await refill(kept);
    }
    const defaultTabs = config.examples.map((example) => tab(example, current));
    // A new fetcher makes GraphiQL ask for the schema again.
    const post = GraphiQL.createFetcher({ url: location.pathname, fetch: fetchFromTab });
    const render = () =>
      root.render(
        React.createElement(GraphiQL, {
          fetcher: (params, options) => (isSubscription(params, options) ? events(params, options) : post(params, options)),
          // The editors have the tab's texts a moment later.
          onTabChange: () => setTimeout(fillTab),
          defaultTabs,
          defaultEditorToolsVisibility: "variables",
        }),
      );
    if (isDemo) {
      showPeople();
      render();
    } else {
      say("Enter your API key or token above. Only this page keeps it; closing the page forgets it.");
      if (config.logins.length && (await isSignedIn())) return render();
      if (config.hasLogin && !config.logins.length) say("The identity provider cannot be reached now. Reload the page later, or enter an API key or a token.");
      showSignIn(render);
    }
  }

  start();
}
