// Speaks to the server that the page came from, below the path that it came from.

/** One log entry: time in ns (BigInt), line, stream labels, further labels by where they came from. */

function url(path, parameters) {
  const made = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) made.searchParams.set(name, String(value));
  return made;
}

async function get(path, parameters, signal, headers = {}) {
  let response;
  try {
    response = await fetch(url(path, parameters), { signal, headers });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error('The server cannot be reached.');
  }
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim() || `The server answered ${response.status} ${response.statusText}.`);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The server answered something that is no JSON: ${text.slice(0, 200)}`);
  }
}

/** Runs a range query; answers `{ entries, series, warnings, stats }`, of which entries or series is undefined. */
export async function queryRange({ query, startNs, endNs, limit }, signal) {
  const body = await get('loki/api/v1/query_range', { query, start: startNs, end: endNs, limit, direction: 'backward' }, signal, {
    'X-Loki-Response-Encoding-Flags': 'categorize-labels',
  });
  const { resultType, result, stats } = body.data;
  const warnings = body.warnings ?? [];
  if (resultType !== 'streams') return { series: seriesOf(resultType, result), warnings, stats };
  const entries = entriesOf(result).sort((a, b) => (a.ns === b.ns ? 0 : a.ns < b.ns ? 1 : -1));
  return { entries, warnings, stats };
}

function seriesOf(resultType, result) {
  if (resultType === 'matrix') return result;
  if (resultType === 'vector') return result.map(({ metric, value }) => ({ metric, values: [value] }));
  return [{ metric: {}, values: [result] }];
}

/** Entries of streams as query_range and tail send them. */
export function entriesOf(streams) {
  const entries = [];
  for (const { stream, values } of streams ?? []) {
    for (const [time, line, extra] of values) entries.push({ ns: BigInt(time), line, labels: stream, metadata: extra?.structuredMetadata ?? {}, parsed: extra?.parsed ?? {} });
  }
  return entries;
}

/** Names of the labels of the last day. */
export async function labelNames(signal) {
  const body = await get('loki/api/v1/labels', {}, signal);
  return body.data ?? [];
}

export async function readTrace(id, signal) {
  const body = await get(`spoor/api/v1/traces/${encodeURIComponent(id)}`, {}, signal);
  return body.data;
}

/** Opens a live tail. */
export function openTail({ query, startNs, limit }) {
  const address = url('loki/api/v1/tail', { query, start: startNs, limit });
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(address);
}

/** What is wrong with a query, or undefined: a browser does not say why a WebSocket was refused, so ask again in a way that does. */
export async function whyRefused(query, signal) {
  const endNs = BigInt(Date.now()) * 1_000_000n;
  try {
    const { series } = await queryRange({ query, startNs: endNs - 1_000_000_000n, endNs, limit: 1 }, signal);
    return series === undefined ? undefined : 'A metric query has no lines to follow: run it instead.';
  } catch (error) {
    return error.message;
  }
}
