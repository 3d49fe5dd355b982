import { element } from './dom.js';
import { clockTime, exactTime } from './times.js';

const levels = new Map(
  Object.entries({ error: 'error', err: 'error', fatal: 'error', critical: 'error', panic: 'error', alert: 'error', warn: 'warn', warning: 'warn', info: 'info', information: 'info', notice: 'info', debug: 'debug', trace: 'debug' }),
);
const sourceNames = ['service_name', 'service', 'container', 'app', 'job', 'pod', 'namespace'];
const idPattern = /\b[0-9a-f]{32}\b/gi;

/** error, warn, info, debug, or '' where nothing tells. */
export function levelOf({ line, labels = {}, metadata = {}, parsed = {} }) {
  for (const name of ['detected_level', 'level', 'severity']) {
    const found = levels.get((metadata[name] ?? parsed[name] ?? labels[name] ?? '').toLowerCase());
    if (found !== undefined) return found;
  }
  const named = /\b(?:level|severity|lvl)"?\s*[=:]\s*"?([a-z]+)/i.exec(line)?.[1] ?? /\b(ERROR|FATAL|WARN(?:ING)?|INFO|DEBUG)\b/.exec(line)?.[1];
  return levels.get((named ?? '').toLowerCase()) ?? '';
}

/** The label that tells best where a line comes from. */
function sourceOf(labels) {
  for (const name of sourceNames) if (labels[name] && labels[name] !== 'unknown_service') return labels[name];
  return Object.values(labels)[0] ?? '';
}

/** Text with trace IDs as links to the trace view. */
export function lineNodes(line) {
  const nodes = [];
  let from = 0;
  for (const match of line.matchAll(idPattern)) {
    nodes.push(line.slice(from, match.index), element('a', { href: `?trace=${match[0]}`, 'data-trace': match[0], title: 'Show the trace' }, match[0]));
    from = match.index + match[0].length;
  }
  return [...nodes, line.slice(from)];
}

/** What makes two entries the same one. */
export function keyOf(entry) {
  return `${entry.ns} ${JSON.stringify(entry.labels)} ${entry.line}`;
}

/** A row of the list; a click on it shows the labels. `onFilter(name, operator, value)` narrows the query. */
export function entryRow(entry, onFilter, fresh = false) {
  const row = element('div', { class: `row ${levelOf(entry)} ${fresh ? 'fresh' : ''}` });
  const head = element(
    'div',
    { class: 'head', role: 'button', tabindex: '0', 'aria-expanded': 'false' },
    element('time', { class: 'time', datetime: exactTime(entry.ns), title: exactTime(entry.ns) }, clockTime(entry.ns)),
    element('span', { class: 'source', title: sourceOf(entry.labels) }, sourceOf(entry.labels)),
    element('span', { class: entry.line.length > 1200 ? 'text long' : 'text' }, ...lineNodes(entry.line)),
  );
  const toggle = () => {
    if (row.lastChild !== head) row.lastChild.remove();
    else row.append(details(entry, onFilter));
    const open = row.lastChild !== head;
    row.toggleAttribute('data-open', open);
    head.setAttribute('aria-expanded', String(open));
  };
  head.addEventListener('click', (event) => {
    // A click on a link follows it; one that ends a selection selects.
    if (event.target.closest('a') === null && String(getSelection()) === '') toggle();
  });
  head.addEventListener('keydown', (event) => {
    if (event.target !== head || (event.key !== 'Enter' && event.key !== ' ')) return;
    event.preventDefault();
    toggle();
  });
  row.append(head);
  row.entryKey = keyOf(entry);
  return row;
}

function details(entry, onFilter) {
  const made = element('div', { class: 'details' }, element('h3', {}, 'time'), exactTime(entry.ns));
  for (const [title, labels, indexed] of [['labels', entry.labels, true], ['structured metadata', entry.metadata, false], ['parsed from the line', entry.parsed, false]]) {
    const names = Object.keys(labels).sort();
    if (names.length === 0) continue;
    const list = element('dl');
    for (const name of names) {
      list.append(
        element('dt', {}, name),
        element(
          'dd',
          {},
          ...lineNodes(labels[name]),
          element('button', { type: 'button', title: 'Only lines with this value', onclick: () => onFilter(name, '=', labels[name], indexed) }, '='),
          element('button', { type: 'button', title: 'Only lines without this value', onclick: () => onFilter(name, '!=', labels[name], indexed) }, '≠'),
        ),
      );
    }
    made.append(element('h3', {}, title), list);
  }
  return made;
}

/** The query with one more condition: in the selector for labels of the stream, as a label filter for others. */
export function narrow(query, name, operator, value, indexed) {
  const quoted = JSON.stringify(value);
  if (!indexed) return `${query.trimEnd()} | ${name}${operator}${quoted}`;
  const end = selectorEnd(query);
  if (end < 0) return query;
  const inside = query.slice(query.indexOf('{') + 1, end);
  return `${query.slice(0, end).trimEnd()}${inside.trim() === '' || inside.trim().endsWith(',') ? '' : ', '}${name}${operator}${quoted}${query.slice(end)}`;
}

/** Where the first selector closes, outside strings; -1 if it does not. */
function selectorEnd(query) {
  let quote = '';
  let inside = false;
  for (let i = 0; i < query.length; i++) {
    const character = query[i];
    if (quote !== '') {
      if (character === '\\' && quote === '"') i++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === '`') quote = character;
    else if (character === '{') inside = true;
    else if (character === '}' && inside) return i;
  }
  return -1;
}
