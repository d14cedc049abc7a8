"use strict";
// GraphiQL over the gateway that served it. #config holds the gateway's settings of the page.
{
  const config = JSON.parse(document.getElementById("config").textContent);
  const place = document.getElementById("graphiql");
  let token = config.person;
  // GraphiQL's dialogs read this nonce: the Content-Security-Policy allows only style elements that carry it.
  window.__webpack_nonce__ = config.nonce;

  function fetchAs(url, init = {}) {
    const headers = new Headers(init.headers);
    // The headers editor overrides the chosen person.
    if (token && !headers.has("authorization")) headers.set("Authorization", `Bearer ${token}`);
    return fetch(url, { ...init, headers });
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
      place.firstElementChild.textContent = "GraphiQL's files could not be loaded. Reload the page; if that does not help, ask the operator of this gateway.";
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
      place.firstElementChild.textContent = "Enter your API key above. Only this page keeps it; closing the page forgets it.";
      showSignIn(render);
    }
  }

  start();
}
