"use strict";
// Signs in at an identity provider as a public client: Authorization Code with PKCE (RFC 7636, RFC 9700).
globalThis.signIn = (() => {
  // What must be remembered while the browser is at the provider. Tokens are never stored.
  const KEPT = "taskgate:sign-in";

  const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const random = () => text(crypto.getRandomValues(new Uint8Array(32)));
  // This page, and nothing else, gets the code: with several providers, from an address for each (RFC 9700, 4.4.2.2).
  // The inbox names its own `page`: it has two addresses, and one of them is sent back to.
  const here = ({ at, page }) =>
    page
      ? new URL(at ? `${page}/back/${encodeURIComponent(at)}` : page, location.origin + location.pathname).href
      : (at ? new URL(`graphiql/back/${encodeURIComponent(at)}`, location.origin + location.pathname).href : location.origin + location.pathname);

  /** Leaves the page for the provider. */
  async function leave(login) {
    if (!crypto.subtle) throw new Error("Browsers sign in on pages with https:// only, or on this machine.");
    const [state, verifier] = [random(), random()];
    const challenge = text(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
    sessionStorage.setItem(KEPT, JSON.stringify({ state, verifier, issuer: login.issuer }));
    const address = new URL(login.authorizationEndpoint);
    const asked = {
      response_type: "code",
      client_id: login.clientId,
      redirect_uri: here(login),
      scope: login.scopes,
      state,
      code_challenge: challenge,
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
    location.assign(address);
  }

  /** The access token, if the provider has just sent the browser back; null if this is no answer of a provider. */
  async function returned(logins) {
    const answer = new URLSearchParams(location.search);
    if (!answer.has("state") || !(answer.has("code") || answer.has("error"))) return null;
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    sessionStorage.removeItem(KEPT);
    // The code does not stay in the address, nor in the history.
    history.replaceState(null, "", location.pathname);
    const login = logins.find(({ issuer }) => issuer === kept?.issuer);
    // An answer that this tab did not ask for may belong to another person (RFC 9700, 4.7), or to another provider (4.4).
    const isOfLogin = login && (answer.get("at") ?? null) === login.at && (answer.get("iss") ?? login.issuer) === login.issuer;
    if (!isOfLogin || kept.state !== answer.get("state"))
      throw new Error("That answer of the identity provider was not asked for here.");
    if (answer.has("error")) throw new Error("The identity provider did not sign you in.");
    return token(login, answer.get("code"), kept.verifier);
  }

  async function token(login, code, verifier) {
    const form = { grant_type: "authorization_code", client_id: login.clientId, redirect_uri: here(login), code, code_verifier: verifier };
    const response = await fetch(login.tokenEndpoint, { method: "POST", body: new URLSearchParams(form), credentials: "omit", redirect: "error" });
    const { access_token: given } = await response.json();
    if (!response.ok || typeof given !== "string") throw new Error("The identity provider gave no token.");
    return given;
  }

  return { leave, returned };
})();
