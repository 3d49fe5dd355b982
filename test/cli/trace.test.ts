import { afterEach, beforeEach, expect, test } from 'vitest';
import { isError } from '../../cli/trace.ts';
import { Backend } from './backend.ts';
import { nowNs, run } from './run.ts';

const id = '4bf92f3577b34da6a3ce929d0e0e4736';
let backend: Backend;

beforeEach(async () => {
  backend = new Backend();
  await backend.start();
});

afterEach(() => backend.crash());

function answer(truncated: boolean): unknown {
  const entry = (offset: bigint, gap: bigint, service: string, line: string, structuredMetadata = {}) => ({
    timestamp: String(nowNs + offset), gapNs: String(gap), line, labels: { service_name: service }, structuredMetadata, service,
  });
  const entries = [
    entry(0n, 0n, 'gateway', 'GET /cart'),
    entry(1_500_000n, 1_500_000n, 'checkout', 'level=error msg=refused', { detected_level: 'error' }),
    entry(251_500_000n, 250_000_000n, 'gateway', 'status=502'),
  ];
  return { status: 'success', data: { traceId: id, entries, services: ['gateway', 'checkout'], startNs: String(nowNs), endNs: String(nowNs + 251_500_000n), truncated } };
}

test('a timeline with gaps and the path of services', async () => {
  backend.answers.set(`/spoor/api/v1/traces/${id}`, answer(true));
  const { out } = await run(['trace', id, '-q', '--addr', backend.address, '-z', 'UTC']);
  expect(out).toBe(`trace ${id}
3 entries in 252ms from 2026-01-19T10:00:00Z, 1 with errors
gateway → checkout

10:00:00.000000           gateway   GET /cart
10:00:00.001500   +1.5ms  checkout  level=error msg=refused
10:00:00.251500   +250ms  gateway   status=502

There are more entries than the server shows of one trace.
`);
  expect(Array.from(backend.requests[0]?.parameters ?? [])).toEqual([]);
});

test('raw and JSON lines, and a range where one is given', async () => {
  backend.answers.set(`/spoor/api/v1/traces/${id}`, answer(false));
  expect((await run(['trace', id, '-q', '-o', 'raw', '--addr', backend.address, '--since', '1m'])).out).toBe('GET /cart\nlevel=error msg=refused\nstatus=502\n');
  expect(Object.fromEntries(backend.requests[0]?.parameters ?? [])).toEqual({ start: String(nowNs - 60_000_000_000n), end: String(nowNs) });
  const { out } = await run(['trace', id, '-q', '-o', 'jsonl', '--addr', backend.address, '-z', 'UTC']);
  expect(out.split('\n')[1]).toBe(
    '{"labels":{"service_name":"checkout"},"structuredMetadata":{"detected_level":"error"},"gapNs":"1500000","line":"level=error msg=refused","service":"checkout","timestamp":"2026-01-19T10:00:00.0015Z"}',
  );
});

test('an ID that nothing carries', async () => {
  backend.answers.set('/spoor/api/v1/traces/none', { status: 'success', data: { traceId: 'none', entries: [], services: [], startNs: '0', endNs: '0', truncated: false } });
  expect((await run(['trace', 'none', '--addr', backend.address])).failure?.message).toMatch(/^no entry carries none/);
});

test.each([
  { line: 'all is well', level: 'error', error: true },
  { line: 'error in the text only', level: 'info', error: false },
  { line: 'level=info msg="no error"', level: 'unknown', error: false },
  { line: '{"level":"ERROR"}', level: '', error: true },
  { line: 'java.lang.IllegalStateException: no', level: '', error: true },
  { line: 'Traceback (most recent call last):', level: '', error: true },
  { line: 'terrors', level: '', error: false },
])('"$line" with level "$level": $error', ({ line, level, error }) => {
  const entry = { timeNs: 0n, gapNs: 0n, line, labels: new Map(), structuredMetadata: new Map(level === '' ? [] : [['detected_level', level]]), service: '' };
  expect(isError(entry)).toBe(error);
});
