import { describe, expect, it } from 'vitest';
import type { Unwrap } from '../../../src/logql/syntax/mod.ts';
import { parseQuery } from '../../../src/logql/syntax/mod.ts';
import { compilePipeline } from '../../../src/logql/stages/compile.ts';
import { LabelsBuilder } from '../../../src/logql/stages/labels-builder.ts';
import { Row } from '../../../src/logql/stages/stage.ts';
import { compileUnwrap } from '../../../src/logql/stages/unwrap.ts';

/** The value that an unwrap makes of a logfmt line, with the error; null where the row is dropped. */
function unwrap(text: string, line: string): readonly [value: number, error: string, details: string] | null {
  const query = parseQuery(`sum_over_time({a="b"} | logfmt | unwrap ${text} [1m])`);
  if (query.kind !== 'range_aggregation') throw new Error('no range aggregation');
  const labels = new LabelsBuilder();
  const row = new Row(labels);
  const stages = compilePipeline(query.query.stages, labels, query.unwrap);
  const compiled = compileUnwrap(query.unwrap as Unwrap);
  labels.resetStream([]);
  labels.resetRow(null, 0, 0);
  row.replaceLine(Buffer.from(line));
  if (!stages.every((stage) => stage.process(row)) || !compiled.process(row)) return null;
  return [compiled.value, labels.error, labels.errorDetails];
}

describe('unwrap evaluates', () => {
  it.each<[text: string, line: string, value: number]>([
    ['v', 'v=1.5', 1.5],
    ['v', 'v=-3e2', -300],
    ['v', 'v=0x1p4', 16],
    ['v', 'v=+Inf', Infinity],
    ['v', 'v=NaN', Number.NaN],
    ['duration(v)', 'v=1m30.5s', 90.5],
    ['duration_seconds(v)', 'v=250ms', 0.25],
    ['duration(v)', 'v=-1s', -1],
    ['bytes(v)', 'v=1.5KB', 1500],
    ['bytes(v)', 'v="2 MiB"', 2 ** 21],
    ['v | w="x"', 'v=1 w=x', 1],
    ['v | w="x" | u=1', 'v=2 w=x u=1', 2],
  ])('%s of %s', (text, line, value) => {
    expect(unwrap(text, line)).toEqual([value, '', '']);
  });
});

describe('unwrap tells errors', () => {
  it.each<[text: string, line: string, details: string]>([
    ['v', 'v=abc', 'strconv.ParseFloat: parsing "abc": invalid syntax'],
    ['v', 'v=1.5MB', 'strconv.ParseFloat: parsing "1.5MB": invalid syntax'],
    ['duration(v)', 'v=later', 'time: invalid duration "later"'],
    ['duration(v)', 'v=5', 'time: missing unit in duration "5"'],
    ['bytes(v)', 'v=1xx', 'unhandled size name: xx'],
  ])('%s of %s', (text, line, details) => {
    expect(unwrap(text, line)).toEqual([0, 'SampleExtractionErr', details]);
  });
});

describe('unwrap at the edges', () => {
  it('drops rows without the label or with an empty one', () => {
    expect(unwrap('v', 'w=1')).toBeNull();
    expect(unwrap('v', 'v=""')).toBeNull();
  });

  it('filters after the conversion', () => {
    expect(unwrap('v | __error__=""', 'v=abc')).toBeNull();
    expect(unwrap('v | __error__!=""', 'v=1')).toBeNull();
    expect(unwrap('v | w="x"', 'v=1 w=y')).toBeNull();
    expect(unwrap('v | w="x" | u="y"', 'v=1 w=x u=z')).toBeNull();
  });
});
