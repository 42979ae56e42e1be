/** Talking to the page's server: questions, acts, and the stream of changes. */

export class Unreachable extends Error {}

export async function ask(path, params) {
  const query = new URLSearchParams(params);
  return (await fetched(`${path}?${query}`, { cache: "no-store" })).json();
}

/** An act: what the server answers, or `{ok: false, error}` when it could not be reached. */
export async function act(path, body) {
  const headers = { "Content-Type": "application/json" };
  try {
    return await (await fetched(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
  } catch (error) {
    return { ok: false, error: error.message, errors: {} };
  }
}

export async function text(path, params) {
  return (await fetched(`${path}?${new URLSearchParams(params)}`, {})).text();
}

/** Follow one person's changes; the browser reconnects by itself. Returns what ends it. */
export function follow(as, heard, connected) {
  const source = new EventSource(`/page/stream?${new URLSearchParams({ as })}`);
  source.onmessage = (message) => heard(JSON.parse(message.data));
  source.onopen = () => connected(true);
  source.onerror = () => connected(false);
  return () => source.close();
}

async function fetched(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Unreachable("The sandbox does not answer. Is the demo still running?");
  });
  if (!response.ok) throw new Unreachable(`The sandbox answered ${response.status}: ${await response.text()}`);
  return response;
}
