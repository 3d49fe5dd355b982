import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRuleSchema, parseSettings } from '../../../agent/config/parse.ts';
import { newFieldCounts } from '../../../agent/fields/counts.ts';
import { metadataValueBytesMax } from '../../../agent/fields/metadata.ts';
import { compileSettings } from '../../../agent/fields/settings.ts';
import { ParseStage } from '../../../agent/fields/stage.ts';
import { newLine, unlabelled } from '../../../agent/join/line.ts';
import { decodeMetadata, encodeMetadata } from '../../../src/bytes/mod.ts';
import { formatLabels } from '../../../src/model/mod.ts';

interface Passed {
  readonly labels: string;
  readonly level: string | null;
  readonly trace: string | null;
  readonly metadata: readonly (readonly [string, string])[];
}

/** A stage, and what it makes of lines. */
function stage(rule: object, facts: readonly { readonly name: string; readonly value: string }[] = [], admit: (name: string, value: string) => boolean = () => true) {
  const counts = newFieldCounts();
  const parse = new ParseStage(compileSettings(parseRuleSchema.parse(rule), parseSettings.fields.parse({}), []), { facts, values: { admit } }, counts);
  const pass = (bytes: Buffer, marks: Uint8Array | null = null): Passed => {
    const line = { ...newLine(), bytes: Buffer.concat([Buffer.from('"}'), bytes, Buffer.from('{"')]), start: 2, end: bytes.length + 2, metadata: marks, labels: unlabelled };
    let passed: Passed | undefined;
    parse.take(line, ({ labels, level, trace, metadata }) => {
      passed = { labels: formatLabels(labels.labels), level, trace, metadata: metadata === null ? [] : decodeMetadata(metadata, 0, metadata.length).map(({ name, value }) => [name, value]) };
    });
    if (passed === undefined) throw new Error('the line was not handed on');
    return passed;
  };
  return { counts, pass, parse };
}

describe('ParseStage', () => {
  it('writes facts, found and named fields in the order of their names, and keeps marks', () => {
    const { pass } = stage({ metadata: { z: 'a.b', level: 'level', m: 'missing', n: 'null' } }, [{ name: 'pod_uid', value: 'u1' }, { name: 'a', value: 'fact' }, { name: 'z', value: 'not this' }, { name: 'empty', value: '' }]);
    const marks = encodeMetadata([{ name: 'spoor_line_bytes', value: '9' }]);
    expect(pass(Buffer.from('{"a":{"b":"x"},"level":"info","null":null}'), marks).metadata).toEqual([['a', 'fact'], ['level', 'info'], ['pod_uid', 'u1'], ['spoor_line_bytes', '9'], ['z', 'x']]);
    expect(pass(Buffer.from('x')).metadata).toEqual([['a', 'fact'], ['pod_uid', 'u1']]);
  });

  it('cuts long values between characters, counts that, and replaces what is no UTF-8', () => {
    const { pass, counts } = stage({ format: 'json', metadata: ['v'] });
    const [pair] = pass(Buffer.from(`{"v":"x${'é'.repeat(3000)}"}`)).metadata;
    expect(Buffer.byteLength(pair?.[1] ?? '')).toBe(metadataValueBytesMax - 1);
    expect(counts.valuesCut).toBe(1);
    expect(pass(Buffer.concat([Buffer.from('{"v":"a'), Buffer.from([0xff, 0xc3]), Buffer.from('b"}')])).metadata).toEqual([['v', 'a\ufffd\ufffdb']]);
    expect(pass(Buffer.from('{"v":""}')).metadata).toEqual([]);
  });

  it('gives equal labels the same object, and puts what may not be a label into metadata', () => {
    const { parse, counts } = stage({ labels: { level: 'level', shop: 'shop' }, metadata: [] }, [], (name, value) => name !== 'shop' || value === 's1');
    const seen: { readonly labels: unknown; readonly refused: string }[] = [];
    for (const text of ['{"level":"info","shop":"s1"}', 'level=info shop=s1', '{"level":"info","shop":"s2"}', 'level=info shop=s3', '{"level":"info"}']) {
      const line = { ...newLine(), bytes: Buffer.from(text), start: 0, end: text.length, labels: unlabelled };
      parse.take(line, ({ labels, metadata }) => seen.push({ labels, refused: metadata === null ? '' : (decodeMetadata(metadata, 0, metadata.length)[0]?.value ?? '') }));
    }
    const [a, b, c, d, e] = seen;
    expect(a?.labels).toBe(b?.labels);
    expect(c?.labels).toBe(d?.labels);
    expect(c?.labels).toBe(e?.labels);
    expect(seen.map(({ refused }) => refused)).toEqual(['', '', 's2', 's3', '']);
    expect(counts.labelValuesRefused).toBe(2);
  });

  it('counts lines that are not in the format of their rule, and hands them on', () => {
    const { pass, counts } = stage({ format: 'regex', pattern: '^(?P<a>[a-z]+)=(?P<n>[0-9]+)$', types: { a: 'string', n: 'int' }, metadata: ['a', 'n'] });
    expect(pass(Buffer.from('x=12')).metadata).toEqual([['a', 'x'], ['n', '12']]);
    expect(pass(Buffer.from('X=12')).metadata).toEqual([]);
    expect(counts).toMatchObject({ lines: 2, notInFormat: 1 });
  });

  it('reads the same line the same way every time, whatever its bytes, and never throws', () => {
    const rules = [
      {}, { format: 'json', labels: { level: 'level' }, metadata: { a: 'a', b: 'b.c', t: 'trace_id' } }, { format: 'logfmt', metadata: ['a', 'level'], time: { from: 'time' } },
      { format: 'grok', pattern: '%{COMMONAPACHELOG}', metadata: ['request', 'clientip'], time: { from: 'timestamp', format: 'clf' } },
    ];
    const piece = fc.oneof(fc.constantFrom('{"a":', '"x"', '{"b":{"c":"', '"}', ',', 'level=info ', '"level":"error"', ' trace_id=4bf92f3577b34da6a3ce929d0e0e4736', 'time=2026-11-22T00:00:00Z', '\\u00e9', '\\'), fc.string());
    const bytes = fc.oneof(fc.array(piece).map((pieces) => Buffer.from(pieces.join(''))), fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)));
    for (const rule of rules) {
      const { pass } = stage(rule, [{ name: 'fact', value: 'x' }]);
      fc.assert(fc.property(bytes, (line) => {
        const first = pass(line);
        expect(pass(line)).toEqual(first);
        expect(first.metadata.map(([name]) => name)).toEqual(first.metadata.map(([name]) => name).toSorted());
        expect(first.metadata.every(([, value]) => value !== '' && value.isWellFormed())).toBe(true);
      }), { numRuns: 500 });
    }
  });
});
