import { describe, expect, it } from 'vitest';
import { decideFilters, PlainLabels } from '../../../../src/logql/scan/shredded/conjuncts.ts';
import { placesOf } from '../../../../src/logql/scan/shredded/marks.ts';
import { compilePipeline } from '../../../../src/logql/stages/compile.ts';
import { LabelsBuilder } from '../../../../src/logql/stages/labels-builder.ts';
import { tasksOf } from './compare.ts';
import { groupOf } from './group.ts';

type Options = Parameters<typeof groupOf>[1];

/** How many rows pass what is decided, how many stages are left, and which labels nobody needs. */
function decided(lines: readonly string[], stages: string, options?: Options, needed: readonly string[] = []): string {
  const group = groupOf(lines, options);
  const [template] = group.templates;
  const parsed = tasksOf(`{app="a"} ${stages}`)[0]!.stages;
  const program = { stages: parsed, compiled: compilePipeline(parsed, new LabelsBuilder(), null) };
  const { marks, program: left, unneeded } = decideFilters(group, template!, program, 'all', new Set(needed));
  return `${placesOf(marks, template!.count).length} ${left.stages.length}${unneeded.size > 0 ? ` ${[...unneeded].join()}` : ''}`;
}

const json = Array.from({ length: 100 }, (_, i) => `{"level":"${['error', 'info'][i % 2]!}","n":${i},"d":"${i}ms","ip":"10.0.0.${i % 3}"}`);
const measured = Array.from({ length: 100 }, (_, i) => `{"d":"${i}.9999999999${1 + (i % 9)}ms"}`);

describe('decideFilters', () => {
  it.each<[string, readonly string[], string, string, Options?, (readonly string[])?]>([
    ['a text', json, '| json | level="error"', '50 1 level'],
    ['a number', json, '| json | n >= 90', '10 1 n'],
    ['a number that all have', json, '| json | n >= 0', '100 1 n'],
    ['a number that none has', json, '| json | n > 1000', '0 1 n'],
    ['a duration', json, '| json | d > 89ms', '10 1 d'],
    ['a duration whose parts of a nanosecond go', measured, '| json | d > 50.999999ms', '49 1 d'],
    ['both of two', json, '| json | n >= 50 and level="error"', '25 1 n,level'],
    ['one of two on one label', json, '| json | level="error" or level="info"', '100 1 level'],
    ['one of two on two labels', json, '| json | level="error" or n > 5', '100 2'],
    ['an address', json, '| json | ip = ip("10.0.0.1")', '33 1 ip'],
    ['an address where a filter before it may fail', json, '| json | level > 5 | ip = ip("10.0.0.1")', '100 3'],
    ['an address where metadata has an error', json, '| json | ip = ip("10.0.0.1")', '100 2', { metadata: [{ __error__: 'x' }] }],
    ['a label that is needed', json, '| json | level="error"', '50 1', undefined, ['level']],
    ['a label that is asked for again', json, '| json | level="error" | level="info" or n > 5', '50 2'],
    ['a label that the stream has', json, '| json | level="error"', '100 2', { streams: [{ app: 'a', level: 'x' }] }],
    ['a label that metadata has', json, '| json | n > 5', '100 2', { metadata: [{ n: '1' }] }],
    ['a label that may be another under its new name', json.map((line) => line.replace('"n"', '"level_extracted"')), '| json | level_extracted > 5', '100 2', { streams: [{ app: 'a', level: 'x' }] }],
    ['a label that is missing', json, '| json | other="x"', '100 2'],
    ['filters before a parser', json, '| level="error" | json', '100 2'],
    ['filters behind another stage', json, '| json | drop n | level="error"', '100 3'],
    ['two parsers', json, '| json | logfmt | level="error"', '100 3'],
    ['numbers that do not convert', json, '| json | level > 5', '100 2'],
  ])('%s', (_name, lines, stages, expected, options, needed) => expect(decided(lines, stages, options, needed)).toBe(expected));
});

describe('PlainLabels', () => {
  it.each<[string, readonly string[], string, boolean]>([
    ['plain values', ['{"a":"x"}', '{"a":"y"}'], '| json', true],
    ['escapes', ['{"a":"x\\n"}', '{"a":"y"}'], '| json', false],
    ['letters beyond ASCII', ['{"a":"é"}', '{"a":"y"}'], '| json', false],
    ['empty values', ['{"a":""}', '{"a":"y"}'], '| json', false],
    ['nulls', ['{"a":null}', '{"a":1}'], '| json', false],
    ['nulls that a pattern sees', ['{"a":true}', '{"a":1}'], '| json', true],
  ])('%s', (_name, lines, parser, expected) => {
    const group = groupOf(lines);
    const labels = PlainLabels.of(tasksOf(`{app="a"} ${parser}`)[0]!.stages, group, group.templates[0]!);
    expect(labels?.column('a') !== undefined).toBe(expected);
  });
});
