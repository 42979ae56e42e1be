/** Requests to the page's server: queries, actions and the stream of changes. */

export class ConnectionError extends Error {}

export async function get(path, params) {
  const query = new URLSearchParams(params);
  return (await request(`${path}?${query}`, { cache: "no-store" })).json();
}

/** Perform an action. Returns the server's answer, or `{ok: false, error}` when the server could not be reached. */
export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  try {
    return await (await request(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
  } catch (error) {
    return { ok: false, error: error.message, errors: {} };
  }
}

export async function getText(path, params) {
  return (await request(`${path}?${new URLSearchParams(params)}`, {})).text();
}

/** Subscribe to one person's changes; the browser reconnects by itself. Returns a function that unsubscribes. */
export function subscribe(as, onEvent, onConnected) {
  const source = new EventSource(`/page/stream?${new URLSearchParams({ as })}`);
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
  source.onopen = () => onConnected(true);
  source.onerror = () => onConnected(false);
  return () => source.close();
}

async function request(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new ConnectionError("The sandbox does not answer. Is the demo still running?");
  });
  if (!response.ok) throw new ConnectionError(`The sandbox answered ${response.status}: ${await response.text()}`);
  return response;
}
