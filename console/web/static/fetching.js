// Pieces of HTML and answers from the console's server; what can't be done is thrown in its own words.

export async function piece(path, query = {}, options = {}) {
  const response = await ask(`${path}?${new URLSearchParams(query)}`, options);
  const template = document.createElement("template");
  if (response.status === 200) template.innerHTML = await response.text();
  return template.content;
}

export async function json(path, query = {}) {
  return (await ask(`${path}?${new URLSearchParams(query)}`)).json();
}

export async function post(path, form) {
  return (await ask(path, { method: "POST", body: form })).json();
}

export async function ask(url, options = {}) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The console does not answer; is it still running?");
  }
  if (response.ok || response.status === 304) return response;
  const template = document.createElement("template");
  template.innerHTML = await response.text();
  throw new Error(template.content.textContent.trim() || `The console answered ${response.status}.`);
}

// Shows what went wrong in an element made for it, or takes it away.
export function complain(element, error) {
  element.hidden = !error;
  element.textContent = error ? error.message : "";
}
