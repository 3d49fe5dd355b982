import { drawing, element } from './dom.js';
import { clockTime } from './times.js';

const colors = ['#0b7285', '#e8590c', '#5f3dc4', '#2b8a3e', '#c2255c', '#1971c2', '#e67700', '#087f5b', '#862e9c', '#495057'];
const seriesMax = 200;

/** Series of a metric query: a chart where there is more than one point, and a table. */
export function chart(series) {
  const made = element('div');
  const shown = series.slice(0, seriesMax).map(({ metric, values }, i) => ({
    name: nameOf(metric),
    color: colors[i % colors.length],
    points: values.map(([time, value]) => [Number(time), Number(value)]).filter(([, value]) => Number.isFinite(value)),
    last: values.at(-1)?.[1] ?? '',
  }));
  if (shown.some(({ points }) => points.length > 1)) made.append(lines(shown));
  const table = element('table', {}, element('thead', {}, element('tr', {}, element('th', {}, 'series'), element('th', { class: 'number' }, 'least'), element('th', { class: 'number' }, 'most'), element('th', { class: 'number' }, 'last'))));
  const body = element('tbody');
  for (const { name, color, points, last } of shown) {
    const swatch = element('span', { class: 'swatch' });
    swatch.style.background = color;
    const values = points.map(([, value]) => value);
    const bound = (pick) => (values.length === 0 ? '' : number(values.reduce((a, b) => pick(a, b))));
    body.append(element('tr', {}, element('td', {}, swatch, name), element('td', { class: 'number' }, bound(Math.min)), element('td', { class: 'number' }, bound(Math.max)), element('td', { class: 'number' }, number(Number(last)))));
  }
  table.append(body);
  made.append(table);
  if (series.length > seriesMax) made.append(element('p', { class: 'status' }, `${series.length - seriesMax} more series are not shown`));
  return made;
}

function lines(shown) {
  const all = shown.flatMap(({ points }) => points);
  const times = all.map(([time]) => time);
  const values = all.map(([, value]) => value);
  const least = (list) => list.reduce((a, b) => Math.min(a, b));
  const most = (list) => list.reduce((a, b) => Math.max(a, b));
  const [first, last, bottom, top] = [least(times), most(times), Math.min(0, least(values)), most(values)];
  const x = (time) => (((time - first) / (last - first || 1)) * 1000).toFixed(1);
  const y = (value) => (172 - ((value - bottom) / (top - bottom || 1)) * 164).toFixed(1);
  const [from, to] = [first, last].map((time) => clockTime(BigInt(Math.round(time * 1000)) * 1_000_000n));
  const svg = drawing('svg', { class: 'chart', viewBox: '0 0 1000 180', preserveAspectRatio: 'none', role: 'img', 'aria-label': `${shown.length} series from ${from} to ${to}` });
  for (const { color, points } of shown) svg.append(drawing('path', { stroke: color, d: points.map(([time, value], i) => `${i === 0 ? 'M' : 'L'}${x(time)} ${y(value)}`).join('') }));
  const scale = (position, text) => element('span', { class: `scale ${position}`, 'aria-hidden': 'true' }, text);
  return element('div', { class: 'plot' }, svg, scale('top', number(top)), scale('bottom', number(bottom)), scale('from', from), scale('to', to));
}

function nameOf(metric) {
  const labels = Object.entries(metric).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return labels.length === 0 ? '{}' : `{${labels.join(', ')}}`;
}

function number(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}
