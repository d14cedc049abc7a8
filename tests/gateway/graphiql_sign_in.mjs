// Runs sign_in.js in a browser that is not there. Reads a list of visits, prints what came of each.
import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";

const script = readFileSync(process.argv[2], "utf8");
const { logins, visits } = JSON.parse(readFileSync(0, "utf8"));
const told = [];
for (const { chosen, answer } of visits) {
  const kept = new Map();
  const posted = [];
  const location = { origin: "https://tasks.example.com", pathname: "/api/graphql", search: "", assign: (to) => (location.left = to) };
  const scope = {
    crypto: webcrypto,
    location,
    history: { replaceState: () => {} },
    sessionStorage: { setItem: (key, value) => kept.set(key, value), getItem: (key) => kept.get(key) ?? null, removeItem: (key) => kept.delete(key) },
    fetch: async (to, { body }) => {
      posted.push([to, body.get("redirect_uri"), body.get("code")]);
      return { ok: true, json: async () => ({ access_token: "token" }) };
    },
  };
  const globals = {};
  new Function("globalThis", ...Object.keys(scope), script)(globals, ...Object.values(scope));
  await globals.signIn.leave(logins[chosen]);
  const asked = new URL(location.left);
  location.search = `?${new URLSearchParams({ state: asked.searchParams.get("state"), code: "c", ...answer })}`;
  let result;
  try {
    result = await globals.signIn.returned(logins);
  } catch (error) {
    result = error.message;
  }
  told.push({ left: asked.origin, redirect: asked.searchParams.get("redirect_uri"), result, posted });
}
process.stdout.write(JSON.stringify(told));
