import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCri } from '../../../agent/parse/cri.ts';
import { newRecord } from '../../../agent/parse/record.ts';
import { parseTime } from '../../../agent/parse/time.ts';
import { parseRfc3339, timeNsMax } from '../../../src/model/mod.ts';

/** Parses a record that stands in the middle of other bytes. */
function parse(text: string): unknown {
  const record = newRecord();
  const bytes = Buffer.from(`2026-11-20T00:00:00Z ${text} stdout F trailing`);
  const end = 21 + Buffer.byteLength(text);
  if (!parseCri(bytes, 21, end, record)) return null;
  return [record.stream, record.partial, record.seconds, record.nanos, record.bytes.toString('utf8', record.start, record.end)];
}

describe('parseCri', () => {
  it.each([
    ['2016-10-06T00:17:09.669794202Z stdout F message', [0, false, 1_475_713_029, 669_794_202, 'message']],
    ['2016-10-06T00:17:09.669794202Z stderr P part of it', [1, true, 1_475_713_029, 669_794_202, 'part of it']],
    ['2016-10-06T02:17:09.6+02:00 stdout F  two spaces ', [0, false, 1_475_713_029, 600_000_000, ' two spaces ']],
    ['2016-10-06T00:17:09Z stdout F:more:tags tagged', [0, false, 1_475_713_029, 0, 'tagged']],
    ['2016-10-06T00:17:09Z stdout F ', [0, false, 1_475_713_029, 0, '']],
    ['2016-10-06T00:17:09Z stdout F', [0, false, 1_475_713_029, 0, '']],
    ['2016-10-06T00:17:09Z stdout P:x', [0, true, 1_475_713_029, 0, '']],
    ['2016-10-06T00:17:09Z stdout F ÄÖ\r', [0, false, 1_475_713_029, 0, 'ÄÖ\r']],
    ['', null],
    ['2016-10-06T00:17:09Z', null],
    ['2016-10-06T00:17:09Z stdout', null],
    ['2016-10-06T00:17:09Z stdout ', null],
    ['2016-10-06T00:17:09Z stdout X message', null],
    ['2016-10-06T00:17:09Z stdout Fmessage', null],
    ['2016-10-06T00:17:09Z stdxyz F message', null],
    ['2016-10-06T00:17:09Z stdin  F message', null],
    ['2016-13-06T00:17:09Z stdout F message', null],
    ['2016-02-30T00:17:09Z stdout F message', null],
    ['2016-10-06T24:17:09Z stdout F message', null],
    ['2016-10-06 00:17:09Z stdout F message', null],
    ['1969-12-31T23:59:59Z stdout F message', null],
    ['9999-12-31T23:59:59Z stdout F message', null],
    ['{"log":"x","stream":"stdout","time":"2016-10-06T00:17:09Z"}', null],
  ])('reads %j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it('never reads beyond the record, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const record = newRecord();
      if (parseCri(Buffer.from(bytes), 0, bytes.length, record)) expect(record.end).toBeLessThanOrEqual(bytes.length);
    }));
  });
});

describe('parseTime', () => {
  const two = (max: number, min = 0) => fc.integer({ min, max }).map((n) => String(n).padStart(2, '0'));
  const time = fc.tuple(
    fc.integer({ min: 1960, max: 2300 }), two(13), two(32), two(25), two(61), two(61),
    fc.option(fc.stringMatching(/^[.,]\d{1,12}$/), { nil: '' }), fc.constantFrom('Z', '+00:00', '+05:30', '-12:00', '+24:00', 'z', ''),
  ).map(([year, month, day, hour, minute, second, fraction, zone]) => `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${zone}`);

  it('reads what the model reads, where 64 bits after 1970 hold it', () => {
    fc.assert(fc.property(fc.oneof(time, fc.string()), (text) => {
      const out = { seconds: 0, nanos: 0 };
      const bytes = Buffer.from(text);
      const read = parseTime(bytes, 0, bytes.length, out) ? BigInt(out.seconds) * 1_000_000_000n + BigInt(out.nanos) : undefined;
      const expected = parseRfc3339(text);
      expect(read).toBe(expected === undefined || expected < 0n || expected > timeNsMax - 1_000_000_000n ? undefined : expected);
    }), { numRuns: 2000 });
  });
});
