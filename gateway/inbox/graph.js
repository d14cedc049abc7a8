// Sends operations to the gateway's graph, and reads streams of events.
import { signal } from "@preact/signals";
import { parsed, written } from "./json.js";

// Relative to the page: right behind any proxy.
const ADDRESS = new URL("graphql", location.origin + location.pathname).href;

/** The token of the person; only this page's memory has it. */
export const token = signal(null);
/** Whether the gateway refused the token. */
export const isRefused = signal(false);

/** `message` is for people. `code` is "OFFLINE" where no answer came. */
export class GraphError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

async function post(query, variables, { accept = "application/graphql-response+json", signal } = {}) {
  const headers = { "content-type": "application/json", accept };
  if (token.value) headers.authorization = `Bearer ${token.value}`;
  let response;
  try {
    response = await fetch(ADDRESS, { method: "POST", headers, body: written({ query, variables }), signal, credentials: "omit" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new GraphError("The gateway cannot be reached.", "OFFLINE");
  }
  if (response.status === 401) isRefused.value = true;
  return response;
}

async function answer(response) {
  try {
    return parsed(await response.text());
  } catch {
    throw new GraphError(`The gateway answered with status ${response.status}.`, response.status >= 500 ? "OFFLINE" : "ANSWER");
  }
}

/** The data of an operation. Errors of single fields leave the rest; without any data the first error is thrown. */
export async function send(query, variables = {}, options = {}) {
  const response = await post(query, variables, options);
  const { data, errors = [] } = await answer(response);
  if (!data) throw new GraphError(errors[0]?.message ?? `The gateway answered with status ${response.status}.`, errors[0]?.extensions?.code);
  return Object.defineProperty(data, "errors", { value: errors });
}

/** A key for a write: a repetition of the same request writes nothing again. */
export const key = () => (crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint32Array(4))].join("-"));

/** Calls `told` with the data of each event of a subscription, until the stream ends or is stopped. */
export async function events(query, variables, told, { signal, opened = () => {} }) {
  const response = await post(query, variables, { accept: "text/event-stream", signal });
  if (!response.ok || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const { errors = [] } = await answer(response);
    throw new GraphError(errors[0]?.message ?? `The gateway answered with status ${response.status}.`, errors[0]?.extensions?.code);
  }
  opened();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const name = /^event: *(.+)$/m.exec(part)?.[1];
      const data = /^data: *(.+)$/m.exec(part)?.[1];
      if (name === "complete") return;
      if (data) {
        const result = parsed(data);
        if (result.errors?.length && !result.data) throw new GraphError(result.errors[0].message, result.errors[0].extensions?.code);
        if (result.data) told(result.data);
      }
    }
  }
}
