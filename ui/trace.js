import { readTrace } from './api.js';
import { byId, element } from './dom.js';
import { levelOf, lineNodes } from './entry.js';
import { clockTime, exactTime, span } from './times.js';

const slowGapNs = 100_000_000n;

/** Shows a trace in the dialog; the promise ends when it is there. `onClose` is called when the user closes it. */
export async function showTrace(id, onClose) {
  const dialog = byId('trace');
  const title = element('h2', { id: 'trace-title' }, `trace ${id}`);
  const about = element('p', {}, 'reading …');
  const body = element('div', { class: 'trace-body' });
  dialog.replaceChildren(element('div', { class: 'trace-head' }, element('div', {}, title, about), element('button', { type: 'button', onclick: () => dialog.close() }, 'Close')), body);
  dialog.onclose = onClose;
  if (!dialog.open) dialog.showModal();
  try {
    const { entries, services, startNs, endNs, truncated } = await readTrace(id);
    if (entries.length === 0) {
      about.textContent = 'No entry carries this ID.';
      return;
    }
    about.textContent = `${entries.length} entries in ${span(BigInt(endNs) - BigInt(startNs))}, ${clockTime(BigInt(startNs))}: ${services.join(' → ')}${truncated ? ' (there are more entries than are shown)' : ''}`;
    body.append(...entries.map((entry, i) => traceRow(entry, BigInt(startNs), i === 0)));
  } catch (error) {
    about.textContent = '';
    body.append(element('div', { class: 'error', role: 'alert' }, error.message));
  }
}

export function closeTrace() {
  const dialog = byId('trace');
  dialog.onclose = null;
  if (dialog.open) dialog.close();
}

function traceRow(entry, startNs, first) {
  const ns = BigInt(entry.timestamp);
  const gap = BigInt(entry.gapNs);
  const level = levelOf({ line: entry.line, labels: entry.labels, metadata: entry.structuredMetadata });
  return element(
    'div',
    { class: `span ${level}` },
    element('span', { class: 'time', title: exactTime(ns) }, first ? '0' : span(ns - startNs)),
    element('span', { class: gap >= slowGapNs && !first ? 'gap slow' : 'gap', title: 'time since the entry before' }, first ? '' : `+${span(gap)}`),
    element('span', { class: 'source' }, entry.service ?? ''),
    element('span', { class: 'text' }, ...lineNodes(entry.line)),
  );
}
