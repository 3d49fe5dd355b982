import { labelNames, queryRange } from './api.js';
import { chart } from './chart.js';
import { byId, element } from './dom.js';
import { entryRow, keyOf, narrow } from './entry.js';
import { Live } from './live.js';
import { readState, writeState } from './state.js';
import { closeTrace, showTrace } from './trace.js';
import { fromInput, nowNs, rangeNs, span, toInput } from './times.js';

const liveRowsMax = 2000;
const liveHistory = 100;
const [form, query, range, custom, from, to, limit] = ['form', 'query', 'range', 'custom', 'from', 'to', 'limit'].map(byId);
const [runButton, liveButton, pauseButton, stopButton, themeButton] = ['run', 'live', 'pause', 'stop', 'theme'].map(byId);
const [errorBox, status, results] = ['error', 'status', 'results'].map(byId);

let running; // AbortController of the query under way
let live; // the live tail
let paused = false;
let waiting = []; // rows that arrived while paused, or since the last frame
let drawing = false;
let rows = 0;

// ---- what stands in the form and in the address

function formState() {
  const isCustom = range.value === 'custom';
  return { q: query.value.trim(), range: range.value, from: isCustom ? from.value : '', to: isCustom ? to.value : '', limit: limit.value, live: live === undefined ? '' : '1', trace: '' };
}

function fillForm(state) {
  query.value = state.q;
  range.value = state.range;
  if (range.value === '') range.value = '1h';
  from.value = state.from;
  to.value = state.to;
  limit.value = state.limit;
  if (limit.value === '') limit.value = '500';
  custom.hidden = range.value !== 'custom';
  fitQuery();
}

function timeRange() {
  const now = nowNs();
  if (range.value !== 'custom') return { startNs: now - (rangeNs(range.value) ?? 0n), endNs: now };
  const [start, end] = [fromInput(from.value), fromInput(to.value)];
  if (start === undefined || end === undefined || end <= start) throw new Error('Choose a time to begin and a later one to end.');
  return { startNs: BigInt(start) * 1_000_000n, endNs: BigInt(end) * 1_000_000n };
}

// ---- one query

async function run() {
  stop();
  showError(undefined);
  const controller = new AbortController();
  running = controller;
  buttons();
  writeState(formState());
  results.replaceChildren();
  rows = 0;
  status.textContent = 'running …';
  const began = performance.now();
  try {
    if (query.value.trim() === '') throw new Error('Write a query, such as {namespace="shop"} |= "error"');
    const { startNs, endNs } = timeRange();
    const wanted = Number(limit.value);
    const answer = await queryRange({ query: query.value, startNs, endNs, limit: wanted }, controller.signal);
    if (controller.signal.aborted) return;
    const took = span(BigInt(Math.round((performance.now() - began) * 1e6)));
    if (answer.series !== undefined) {
      results.replaceChildren(answer.series.length === 0 ? nothing() : chart(answer.series));
      status.textContent = `${answer.series.length} series in ${took}`;
    } else {
      showEntries(answer.entries, startNs, wanted);
      status.textContent = `${answer.entries.length}${answer.entries.length >= wanted ? ' newest' : ''} lines in ${took}${scanned(answer.stats)}`;
    }
    if (answer.warnings.length > 0) showError(answer.warnings.join('\n'));
  } catch (error) {
    if (controller.signal.aborted) return;
    status.textContent = '';
    showError(error.message);
  } finally {
    if (running === controller) running = undefined;
    buttons();
  }
}

function showEntries(entries, startNs, wanted) {
  results.querySelector('.more')?.remove();
  if (entries.length === 0 && rows === 0) results.replaceChildren(nothing());
  results.append(...entries.map((entry) => entryRow(entry, filter)));
  rows += entries.length;
  const oldest = entries.at(-1)?.ns;
  if (entries.length < wanted || oldest === undefined) return;
  results.append(element('button', { type: 'button', class: 'more', onclick: (event) => more(event.target, startNs, oldest, wanted) }, 'Older lines'));
}

/** The next page. Lines that share the time of the last one are asked for again and dropped if they are there already. */
async function more(button, startNs, oldest, wanted) {
  button.disabled = true;
  const before = running;
  try {
    const answer = await queryRange({ query: query.value, startNs, endNs: oldest + 1n, limit: wanted });
    if (running !== before || !button.isConnected) return;
    const shown = new Set(Array.from(results.querySelectorAll('.row'), (row) => row.entryKey));
    const entries = answer.entries.filter((entry) => entry.ns !== oldest || !shown.has(keyOf(entry)));
    if (entries.length === 0) button.remove();
    else showEntries(entries, startNs, answer.entries.length < wanted ? Infinity : entries.length);
    status.textContent = `${rows} lines`;
  } catch (error) {
    button.disabled = false;
    showError(error.message);
  }
}

function nothing() {
  return element('p', { class: 'empty' }, 'Nothing found. Try a longer time range or a wider selector.');
}

function scanned(stats) {
  const bytes = stats?.summary?.totalBytesProcessed;
  return typeof bytes === 'number' && bytes > 0 ? `, ${(bytes / 1e6).toPrecision(3)} MB read` : '';
}

// ---- live

function goLive() {
  stop();
  showError(undefined);
  if (query.value.trim() === '') {
    showError('Write a query to follow, such as {namespace="shop"}');
    return;
  }
  results.replaceChildren();
  rows = 0;
  paused = false;
  live = new Live(
    { query: query.value, startNs: nowNs() - (rangeNs(range.value) ?? 3_600_000_000_000n), limit: liveHistory },
    {
      onEntries: (entries) => {
        waiting.push(...entries);
        if (waiting.length > liveRowsMax) waiting = waiting.slice(-liveRowsMax);
        draw();
      },
      onState: (state) => {
        status.dataset.state = state;
        liveStatus();
      },
      onGap: () => {
        if (!paused) results.prepend(element('div', { class: 'gap' }, 'Lines may be missing here: run the query to see them all.'));
      },
      onError: (text) => {
        userStop();
        showError(text);
      },
    },
  );
  writeState(formState());
  buttons();
}

/** Shows what has arrived, once a frame at most. */
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    if (live === undefined) return;
    if (!paused && waiting.length > 0) {
      const sorted = waiting.sort((a, b) => (a.ns === b.ns ? 0 : a.ns < b.ns ? 1 : -1));
      const isHistory = rows === 0;
      waiting = [];
      results.querySelector('.empty')?.remove();
      results.prepend(...sorted.map((entry) => entryRow(entry, filter, !isHistory)));
      rows += sorted.length;
      while (results.childElementCount > liveRowsMax) results.lastElementChild.remove();
    }
    liveStatus();
  });
}

function liveStatus() {
  if (live === undefined) return;
  const state = status.dataset.state;
  const text = state === 'open' ? (rows === 0 ? 'live: waiting for the first line' : `live: ${rows} lines`) : state === 'broken' ? 'connection lost, connecting again …' : 'connecting …';
  status.textContent = paused ? `paused: ${waiting.length}${waiting.length >= liveRowsMax ? ' or more' : ''} new lines` : text;
}

function pause() {
  paused = !paused;
  pauseButton.textContent = paused ? 'Go on' : 'Pause';
  draw();
}

/** Ends what is under way: a query or the live tail. */
function stop() {
  running?.abort();
  running = undefined;
  const wasLive = live !== undefined;
  live?.stop();
  live = undefined;
  waiting = [];
  paused = false;
  pauseButton.textContent = 'Pause';
  status.textContent = wasLive && rows > 0 ? `stopped: ${rows} lines` : '';
  buttons();
}

/** The user ends it; a reload does not begin it again. */
function userStop() {
  stop();
  writeState({ ...formState(), trace: readState().trace }, true);
}

// ---- the rest of the page

function buttons() {
  liveButton.setAttribute('aria-pressed', String(live !== undefined));
  pauseButton.hidden = live === undefined;
  stopButton.hidden = running === undefined && live === undefined;
}

function showError(text) {
  errorBox.hidden = text === undefined;
  errorBox.textContent = text ?? '';
}

function filter(name, operator, value, indexed) {
  query.value = narrow(query.value, name, operator, value, indexed);
  fitQuery();
  if (live !== undefined) goLive();
  else void run();
}

/** Where the browser does not grow the field by itself. */
function fitQuery() {
  if (CSS.supports('field-sizing', 'content')) return;
  query.style.height = 'auto';
  query.style.height = `${query.scrollHeight + 2}px`;
}

function openTrace(id) {
  writeState({ ...readState(), trace: id });
  void showTrace(id, () => writeState({ ...readState(), trace: '' }));
}

const themes = ['auto', 'light', 'dark'];

function showTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  themeButton.textContent = { auto: '◐', light: '☀', dark: '☾' }[theme];
  themeButton.setAttribute('aria-label', `Colours: ${theme}`);
}

/** Does what the address says. Without anything in it: live lines of everything there is. */
async function start() {
  const state = readState();
  fillForm(state);
  if (state.isEmpty) {
    query.value = await defaultQuery();
    fitQuery();
    if (query.value !== '') {
      goLive();
      writeState(formState(), true);
    }
  } else if (state.live !== '') goLive();
  else if (state.q !== '') await run();
  if (state.trace !== '') void showTrace(state.trace, () => writeState({ ...readState(), trace: '' }));
  else closeTrace();
}

async function defaultQuery() {
  try {
    const names = await labelNames();
    const name = ['namespace', 'service_name', 'app', 'job'].find((preferred) => names.includes(preferred)) ?? names[0];
    if (name !== undefined) return `{${name}=~".+"}`;
    results.replaceChildren(element('p', { class: 'empty' }, 'There are no logs yet. As soon as some have arrived, reload this page.'));
  } catch (error) {
    showError(error.message);
  }
  return '';
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void run();
});
query.addEventListener('input', fitQuery);
query.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  void run();
});
range.addEventListener('change', () => {
  custom.hidden = range.value !== 'custom';
  if (range.value === 'custom' && from.value === '') {
    from.value = toInput(Date.now() - 3_600_000);
    to.value = toInput(Date.now());
  } else if (range.value !== 'custom' && query.value.trim() !== '' && live === undefined) void run();
});
liveButton.addEventListener('click', () => {
  if (live === undefined) goLive();
  else userStop();
});
pauseButton.addEventListener('click', pause);
stopButton.addEventListener('click', userStop);
themeButton.addEventListener('click', () => {
  const theme = themes[(themes.indexOf(localStorage.getItem('spoor-theme') ?? 'auto') + 1) % themes.length];
  localStorage.setItem('spoor-theme', theme);
  showTheme(theme);
});
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-trace]');
  if (link === null || link === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openTrace(link.dataset.trace);
});
document.addEventListener('keydown', (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    query.focus();
    query.select();
  } else if (event.key === 'Escape' && !byId('trace').open) {
    if (running !== undefined || live !== undefined) userStop();
    else query.blur();
  }
});
addEventListener('popstate', () => void start());

showTheme(localStorage.getItem('spoor-theme') ?? 'auto');
await start();
