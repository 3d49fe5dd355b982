import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { traceOfText, traceOfValue } from '../../../agent/fields/trace-id.ts';

const id = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

describe('traceOfValue', () => {
  it.each<[string, string, string | null]>([
    ['32 hex digits', id, id],
    ['in capitals', id.toUpperCase(), id],
    ['in quotes', `"${id}"`, id],
    ['traceparent', `00-${id}-${span}-01`, id],
    ['B3, single', `${id}-${span}-1-05e3ac9a4f6e3b90`, id],
    ['B3, single and short', `${span}-${span}`, span],
    ['B3, 64 bits', span, span],
    ['B3, a decision alone', '1', null],
    ['X-Ray', 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1', '5759e988bd862e3fe1be46a994272793'],
    ['X-Ray behind Self', 'Self=1-67891234-12456789abcdef012345678;Root=1-67891233-abcdef012345678912345678', '67891233abcdef012345678912345678'],
    ['X-Ray, the ID alone', '1-5759E988-BD862E3FE1BE46A994272793', '5759e988bd862e3fe1be46a994272793'],
    ['a UUID', '4bf92f35-77b3-4da6-a3ce-929d0e0e4736', id],
    ['Jaeger', `${id}:${span}:0:1`, id],
    ['Google', `projects/shop/traces/${id}`, id],
    ['Datadog', '6249785623524942554', '6249785623524942554'],
    ['zeros', '0'.repeat(32), null],
    ['traceparent of zeros', `00-${'0'.repeat(32)}-${span}-01`, null],
    ['31 digits', id.slice(1), null],
    ['33 digits', `${id}0`, null],
    ['words', 'not-a-trace-id', null],
    ['nothing', '', null],
  ])('%s', (_, text, expected) => {
    const bytes = Buffer.from(`{${text}}`);
    expect(traceOfValue(bytes, 1, bytes.length - 1)).toBe(expected);
  });
});

describe('traceOfText', () => {
  it.each<[string, string | null]>([
    [`GET / trace_id=${id} done`, id],
    [`GET / traceId: ${id}, done`, id],
    [`{"a":{"traceID":"${id}"}}`, id],
    [String.raw`{"msg":"{\"trace_id\":\"${id}\"}"}`, id],
    [`[shop,${id},${span}] started`, id],
    [`[traceId=${id}, spanId=${span}]`, id],
    [`traceparent: 00-${id}-${span}-01`, id],
    [`X-B3-TraceId: ${span} X-B3-SpanId: ${span}`, span],
    [`x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1`, '5759e988bd862e3fe1be46a994272793'],
    [`"curl/7.1" "Root=1-5759e988-bd862e3fe1be46a994272793" "-"`, '5759e988bd862e3fe1be46a994272793'],
    [`header 00-${id}-${span}-01 seen`, id],
    [`b3 ${id}-${span}-1`, id],
    [`TRACE_ID="${id.toUpperCase()}"`, id],
    ['a trace of something', null],
    ['Traceback (most recent call last):', null],
    [`md5 ${id} of a file`, null],
    ['', null],
  ])('%j: %s', (text, expected) => {
    const bytes = Buffer.from(`x${text}y`);
    expect(traceOfText(bytes, 1, bytes.length - 1)).toBe(expected);
  });

  it('finds a bare traceparent wherever it stands', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('g', ' ', 'a', '-', '.', '0'), maxLength: 80 }), fc.string({ unit: fc.constantFrom('g', ' ', '-'), maxLength: 40 }), (before, after) => {
      const bytes = Buffer.from(`${before} 00-${id}-${span}-01 ${after}`);
      expect(traceOfText(bytes, 0, bytes.length)).not.toBeNull();
    }));
  });

  it('never throws, and answers lower-case IDs only', () => {
    const piece = fc.oneof(fc.constantFrom('trace', '_id', '=', '"', ':', id, span, '-', 'Root=1-', '5759e988', '00-', ' '), fc.string());
    fc.assert(fc.property(fc.array(piece), (pieces) => {
      const bytes = Buffer.from(pieces.join(''));
      const found = traceOfText(bytes, 0, bytes.length);
      expect(found === null || /^(?:[0-9a-f]{32}|[0-9a-f]{16}|\d{10,20})$/.test(found)).toBe(true);
    }), { numRuns: 2000 });
  });
});
