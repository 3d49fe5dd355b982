import { readdirSync, readFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allRows } from '../../../../agent/buffer/destination-queue.ts';
import { BulkEncoder, indexName } from '../../../../agent/ship/elasticsearch/encode.ts';
import { bulkOutcome } from '../../../../agent/ship/elasticsearch/sender.ts';
import { batchOf, stream } from '../../buffer/batches.ts';

const rows = (count: number): Uint32Array => allRows(count).slice();
const items = (...list: readonly (number | [number, unknown])[]): Buffer =>
  Buffer.from(JSON.stringify({ took: 3, errors: true, items: list.map((item) => ({ create: typeof item === 'number' ? { status: item } : { status: item[0], error: item[1] } })) }));

function parse(body: Buffer): { action: { create: { _index: string; _id: string } }; document: Record<string, string> }[] {
  const lines = body.toString().trimEnd().split('\n').map((line) => JSON.parse(line) as never);
  return Array.from({ length: lines.length / 2 }, (_, i) => ({ action: lines[i * 2]!, document: lines[i * 2 + 1]! }));
}

describe('bodies of _bulk', () => {
  it('create documents by the names of the Elastic Common Schema', () => {
    const batch = batchOf([{
      line: 'héllo "x"\n\u{1f600}', seconds: 1_795_132_800, nanos: 5, stream: stream({ app: 'web', namespace: 'shop', pod: 'p', container: 'c', team: 't', stream: 'stdout' }),
      metadata: { detected_level: 'warn', level: 'error', span_id: 's', trace_id: 'abc', user: 'u' },
    }]);
    const [{ action, document } = { action: {}, document: {} }] = parse(new BulkEncoder('logs-x').encode(batch, rows(1)));
    expect(action).toEqual({ create: { _index: 'logs-x', _id: expect.stringMatching(/^[\w-]{30}$/) } });
    expect(document).toEqual({
      '@timestamp': '2026-11-20T00:00:00.000000005Z', message: 'héllo "x"\n\u{1f600}', 'service.name': 'web', 'kubernetes.namespace': 'shop', 'kubernetes.pod.name': 'p', 'kubernetes.container.name': 'c',
      'labels.team': 't', stream: 'stdout', 'log.level': 'warn', 'labels.level': 'error', 'span.id': 's', 'trace.id': 'abc', 'labels.user': 'u',
    });
  });

  it('have IDs that follow from stream, time, line and metadata, and from nothing else', () => {
    const other = stream({ app: 'other' });
    const base = { line: 'a', seconds: 1, nanos: 1 };
    const lines = [base, base, { ...base, line: 'b' }, { ...base, seconds: 2 }, { ...base, nanos: 2 }, { ...base, metadata: { k: 'v' } }, { ...base, stream: other }, { ...base, line: 'a\u0001' }];
    const ids = parse(new BulkEncoder('i').encode(batchOf(lines), rows(lines.length))).map(({ action }) => action.create._id);
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(lines.length - 1);
    expect(parse(new BulkEncoder('j').encode(batchOf([{ line: 'filler' }, base]), Uint32Array.of(1)))[0]?.action.create._id).toBe(ids[0]);
  });

  it('fills labels into the name of the index', () => {
    expect(indexName('logs-{namespace}-{app}', stream({ namespace: 'Shop', app: 'a/b' }))).toBe('logs-shop-a-b');
    expect(indexName('{what}', stream({}))).toBe('none');
    expect(indexName('Plain', stream({}))).toBe('Plain');
  });
});

describe('answers to _bulk', () => {
  it('say for each row what became of it', () => {
    expect(bulkOutcome(items(201, 200, 409), rows(3), 0)).toEqual({ kind: 'delivered' });
    expect(bulkOutcome(Buffer.from('{"took":1,"errors":false,"items":[]}'), rows(3), 0)).toEqual({ kind: 'delivered' });
    const outcome = bulkOutcome(items(201, [429, { type: 'es_rejected_execution_exception', reason: 'queue full' }], [400, { type: 'mapper_parsing_exception', reason: 'no', caused_by: { reason: 'deep' } }], 503, [404, { type: 'index_not_found_exception' }]), rows(5), 50);
    expect(outcome).toEqual({
      kind: 'mixed', again: Uint32Array.of(1, 3, 4), refused: [{ row: 2, reason: '400 mapper_parsing_exception: no: deep' }], reason: '404 index_not_found_exception', retryAfterMs: 50,
    });
  });

  it.each([['no JSON', '<html>'], ['too few items', '{"errors":true,"items":[]}'], ['no items', '{"errors":true}'], ['null', 'null'], ['strange items', '{"errors":true,"items":[null,1,{}]}']])('sends again what %s answers', (_, body) => {
    let outcome: unknown;
    try {
      outcome = bulkOutcome(Buffer.from(body), rows(3), 0);
    } catch (error) {
      outcome = error;
    }
    expect(outcome).toMatchObject({ kind: expect.stringMatching(/retry|mixed/) });
  });

  const recorded = '/work/shared/ingest/elasticsearch';
  it.skipIf(!existsSync(recorded))('are read as recorded servers give them', () => {
    let seen = 0;
    for (const name of readdirSync(recorded)) {
      for (const line of readFileSync(`${recorded}/${name}`, 'utf8').trim().split('\n')) {
        const { path, bodyBase64 = '', victoriaLogsAnswer: answer } = JSON.parse(line) as { path: string; bodyBase64?: string; victoriaLogsAnswer?: { status: number; body: string } };
        if (!path.includes('_bulk') || answer?.status !== 200 || answer.body === '') continue;
        const sent = (JSON.parse(answer.body) as { items: unknown[] }).items.length;
        expect(bulkOutcome(Buffer.from(answer.body), rows(sent), 0), `${name} ${bodyBase64.length}`).toEqual({ kind: 'delivered' });
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(5);
  });
});
