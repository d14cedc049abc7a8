"use strict";
// GraphiQL over the gateway that served it. #config holds the gateway's settings of the page.
{
  const config = JSON.parse(document.getElementById("config").textContent);
  const place = document.getElementById("graphiql");
  let token = config.person;
  // GraphiQL's dialogs read this nonce: the Content-Security-Policy allows only style elements that carry it.
  window.__webpack_nonce__ = config.nonce;

  async function fetchAs(url, init = {}) {
    const headers = new Headers(init.headers);
    // The headers editor overrides the chosen person.
    if (token && !headers.has("authorization")) headers.set("Authorization", `Bearer ${token}`);
    const response = await fetch(url, { ...init, headers });
    // The token is over, or not accepted.
    if (response.status === 401 && config.logins.length) offerLogins();
    return response;
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
      document.getElementById("belongs").value = config.people.find((person) => person.key === token).belongs;
    };
    choice.addEventListener("change", tell);
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

  /** The variables of the examples. */
  async function sample() {
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ query: config.claimable }) };
    const tasks = await fetchAs(location.pathname, request)
      .then((response) => response.json())
      .then((answer) => answer.data?.viewer.inbox.nodes ?? [])
      .catch(() => []);
    return filling.variables(tasks);
  }

  function tab(example, task) {
    const variables = Object.fromEntries(example.variables.map((name) => [name, task[name]]));
    return { query: example.query, variables: example.variables.length ? JSON.stringify(variables, null, 2) : undefined };
  }

  async function start() {
    if (!window.React || !window.ReactDOM || !window.GraphiQL) {
      say("GraphiQL's files could not be loaded. Reload the page; if that does not help, ask the operator of this gateway.");
      return;
    }
    const root = ReactDOM.createRoot(place);
    // Not without a token, which the query needs, nor with tabs of an earlier visit, which the examples would not replace.
    const isAsked = config.people.length && !localStorage.getItem("graphiql:tabState");
    const task = isAsked ? await sample() : filling.variables([]);
    const defaultTabs = config.examples.map((example) => tab(example, task));
    // A new fetcher makes GraphiQL ask for the schema again.
    const render = () =>
      root.render(
        React.createElement(GraphiQL, {
          fetcher: GraphiQL.createFetcher({ url: location.pathname, fetch: fetchAs }),
          defaultTabs,
          defaultEditorToolsVisibility: "variables",
        }),
      );
    if (config.people.length) {
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
