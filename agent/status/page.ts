import { numberOf, type Figures, type StatusReport } from './report.ts';

/** Rows of the page at most; JSON has them all. */
const rowsMax = 1000;

/** /status for people: one page without script, which loads nothing. */
export function statusPage(report: StatusReport): string {
  const { config, totals, destinations, containers, node } = report;
  const last = config.lastReload;
  const reload = last === null ? 'none' : `${last.time} ${last.ok ? 'taken' : 'refused'}${last.reason === null ? '' : `: ${last.reason}`}${last.pauseMs === null ? '' : ` (${last.pauseMs} ms)`}`;
  const facts: [string, string][] = [
    ['ready', report.ready ? 'yes' : (report.notReady ?? 'no')], ['settings', `${config.file ?? 'flags'}, version ${config.version}, since ${config.loaded}`],
    ['reloads', `${config.reloads} taken, ${config.failures} refused; last: ${reload}`],
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10"><title>spoor agent</title><style>
body{font:14px system-ui,sans-serif;margin:1.5em;color:#222}table{border-collapse:collapse;margin:.5em 0 1.5em}td,th{padding:.15em .7em;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}.bad{color:#b00020;font-weight:600}</style></head><body>
<h1>spoor agent${node === null ? '' : ` on ${escapeHtml(node)}`}</h1>
<table>${facts.map(([name, value]) => `<tr><td>${name}<td style="text-align:left"${value.includes('refused: ') ? ' class="bad"' : ''}>${escapeHtml(value)}`).join('\n')}</table>
<h2>Destinations</h2>
${table(destinations.map(({ name, type, to, figures }) => [`${name} (${type}, ${to})`, figures]))}
${destinations.flatMap(({ name, lastError }) => (lastError === null ? [] : [`<p>${escapeHtml(name)}, last error at ${escapeHtml(lastError.time)}: ${escapeHtml(lastError.reason)}</p>`])).join('\n')}
<h2>Containers (${containers.length})</h2>
${table(containers.slice(0, rowsMax).map(({ namespace, pod, container, path, figures }) => [path ?? `${namespace}/${pod}/${container}`, figures]))}
<h2>Totals</h2>
<table>${Object.entries(totals).map(([name, figure]) => `<tr><td>${escapeHtml(name)}${cell(name, figure)}`).join('\n')}</table>
<p><a href="?format=json">as JSON</a>, <a href="metrics">metrics</a></p></body></html>
`;
}

function table(rows: readonly (readonly [string, Figures])[]): string {
  if (rows.length === 0) return '<p>none</p>';
  const columns = Array.from(new Set(rows.flatMap(([, figures]) => Object.keys(figures))));
  const head = columns.map((column) => `<th>${escapeHtml(column.replaceAll('_', ' '))}`).join('');
  return `<table><tr><th>${head}\n${rows.map(([name, figures]) => `<tr><td>${escapeHtml(name)}${columns.map((column) => cell(column, figures[column])).join('')}`).join('\n')}</table>`;
}

/** Figures that should be 0. */
const alarming = /gap|lost|refused|rejected|failures/;

function cell(name: string, figure: Figures[string] | undefined): string {
  const text = figure === undefined ? '' : typeof figure === 'number' ? format(figure) : Object.entries(figure).map(([detail, value]) => `${detail} ${format(value)}`).join(', ');
  return `<td${alarming.test(name) && numberOf(figure) > 0 ? ' class="bad"' : ''}>${escapeHtml(text)}`;
}

function format(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(value < 10 ? 3 : 1);
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
