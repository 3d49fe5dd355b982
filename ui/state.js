// What the page shows stands in its address, so that it can be shared, reloaded and gone back to.

const defaults = { q: '', range: '1h', from: '', to: '', limit: '500', live: '', trace: '' };

/** The state in the address. */
export function readState() {
  const parameters = new URLSearchParams(location.search);
  const state = { ...defaults };
  for (const name of Object.keys(defaults)) state[name] = parameters.get(name) ?? defaults[name];
  return { ...state, isEmpty: parameters.size === 0 };
}

/** Writes the state into the address; a new entry of the history unless `replace`. */
export function writeState(state, replace = false) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(defaults)) if (state[name] !== value && state[name] !== undefined) parameters.set(name, state[name]);
  const address = parameters.size === 0 ? location.pathname : `?${parameters}`;
  if (address === location.search) return;
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}
