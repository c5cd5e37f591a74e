// What the page asks its server: one question at a time, again if it is busy, an error as a sentence.

const PATIENCE = 1000; // ms until a busy server is asked again
const TRIES = 60;

async function read(response) {
  const told = await response.json().catch(() => ({ error: `the server answered ${response.status}` }));
  if (!response.ok) {
    const error = new Error(told.error || `the server answered ${response.status}`);
    error.status = response.status;
    throw error;
  }
  return told;
}

export async function get(path) {
  return read(await fetch(path));
}

export async function ask(path, question, signal) {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question),
      signal,
    });
    if (response.status !== 503 || attempt === TRIES) return read(response);
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
    signal.throwIfAborted();
  }
}
