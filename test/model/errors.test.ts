import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorCodes, isSpoorError, reasonOf, SpoorError, type ErrorSpec } from '../../src/model/mod.ts';

/** The rows of docs/errors.md as code → spec. */
function documented(): Map<string, { readonly spec: ErrorSpec; readonly advice: string }> {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = new Map<string, { spec: ErrorSpec; advice: string }>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('|') || /^\|[\s|:-]+$/.test(line)) continue;
    const cells = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll('\\|', '|'));
    const [code = '', status = '', retryable = '', message = '', advice = ''] = cells;
    if (code === 'code') continue;
    expect(cells.length, `columns of ${code}`).toBe(5);
    expect(rows.has(code), `${code} stands twice`).toBe(false);
    rows.set(code, { spec: { status: Number(status), retryable: retryable === 'yes', message }, advice });
  }
  return rows;
}

test('docs/errors.md says of each code what the table says, and knows no other', () => {
  const rows = documented();
  expect(Array.from(rows.keys()).toSorted()).toEqual(Object.keys(errorCodes).toSorted());
  for (const [code, spec] of Object.entries(errorCodes)) {
    expect(rows.get(code)?.spec, code).toEqual({ ...spec, message: spec.message.replaceAll(/\s+/g, ' ').trim() });
    expect(rows.get(code)?.advice, `what to do on ${code}`).toMatch(/\w{2}/);
  }
});

test('statuses are those of HTTP errors, or 260 for a block that clients must not see as one', () => {
  for (const [code, { status }] of Object.entries(errorCodes)) expect((status >= 400 && status <= 599) || status === 260, code).toBe(true);
});

test('an error fills in its details and keeps its cause', () => {
  const cause = new Error('disk gone');
  const error = new SpoorError('corruption', { where: 'f', offset: 12n, reason: '{where} again' }, { cause });
  expect(error).toMatchObject({ message: 'damaged data in f at offset 12: {where} again', status: 500, retryable: false, code: 'corruption', name: 'SpoorError', cause });
  expect(isSpoorError(error)).toBe(true);
  expect(isSpoorError(error, 'corruption')).toBe(true);
  expect(isSpoorError(error, 'internal')).toBe(false);
  expect(isSpoorError(cause)).toBe(false);
});

test('a detail that is missing stays visible, one from a prototype is none', () => {
  expect(new SpoorError('bad_request').message).toBe('{reason}');
  expect(new SpoorError('bad_request', Object.create({ reason: 'inherited' }) as Record<string, string>).message).toBe('{reason}');
});

test('the text of whatever was thrown', () => expect([new Error('a'), 'b', undefined].map(reasonOf)).toEqual(['a', 'b', 'undefined']));
