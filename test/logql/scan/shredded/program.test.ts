import { describe, expect, it } from 'vitest';
import { TemplateProgram } from '../../../../src/logql/scan/shredded/program.ts';
import { compilePipeline } from '../../../../src/logql/stages/compile.ts';
import { LabelsBuilder } from '../../../../src/logql/stages/labels-builder.ts';
import { Row } from '../../../../src/logql/stages/stage.ts';
import { tasksOf } from './compare.ts';
import { groupOf, templateOf } from './group.ts';

/** Labels of each row, or that it is dropped; null where nothing is done without lines. */
function run(lines: readonly string[], stages: string, metadata?: readonly Readonly<Record<string, string>>[]): readonly (Readonly<Record<string, string>> | null)[] | null | 'some' {
  const group = groupOf(lines, metadata === undefined ? {} : { metadata });
  const template = templateOf(group);
  const builder = new LabelsBuilder();
  const parsed = tasksOf(`{app="a"} ${stages}`)[0]!.stages;
  const program = TemplateProgram.make({ stages: parsed, compiled: compilePipeline(parsed, builder, null) }, template, builder, true);
  if (program === null) return null;
  if (!program.complete) return 'some';
  const row = new Row(builder);
  builder.resetStream(group.streams[0]!);
  const texts = template.columns.map((column, i) => (program.columns.includes(i) ? column.texts() : undefined));
  return lines.map((_, place) => (program.run(row, texts, place) ? Object.fromEntries(builder.all()) : null));
}

describe('TemplateProgram', () => {
  it.each<[string, readonly string[], string, ReturnType<typeof run>, (readonly Readonly<Record<string, string>>[])?]>([
    ['JSON', ['{"a":1,"b":"x\\ty"}', '{"a":null,"b":"z"}'], '| json', [{ app: 'a', a: '1', b: 'x\ty' }, { app: 'a', b: 'z' }]],
    ['logfmt', ['a=1 b="x y"', 'a= b="z"'], '| logfmt', [{ app: 'a', a: '1', b: 'x y' }, { app: 'a', b: 'z' }]],
    ['logfmt with empty values', ['a=1 b=2', 'a= b=3'], '| logfmt --keep-empty', [{ app: 'a', a: '1', b: '2' }, { app: 'a', a: '', b: '3' }]],
    ['escapes in logfmt', ['a=1 b="x\\ty"', 'a=2 b="z"'], '| logfmt', null],
    ['a pattern over JSON', ['{"a":null,"b":"x\\ty"}', '{"a":1,"b":"z"}'], '| pattern `{"a":<x>,"b":"<y>"}`', [{ app: 'a', x: 'null', y: 'x\\ty' }, { app: 'a', x: '1', y: 'z' }]],
    ['a clash with the stream', ['{"app":1,"b":2}', '{"app":2,"b":3}'], '| json', [{ app: 'a', app_extracted: '1', b: '2' }, { app: 'a', app_extracted: '2', b: '3' }]],
    ['a clash with metadata', ['{"m":1}', '{"m":2}'], '| json', [{ app: 'a', m: 'x', m_extracted: '1' }, { app: 'a', m: 'x', m_extracted: '2' }], [{ m: 'x' }]],
    ['filters', ['{"a":1}', '{"a":2}'], '| json | a > 1', [null, { app: 'a', a: '2' }]],
    ['a stage that must see the line, behind others', ['{"a":1}', '{"a":2}'], '| json | line_format "x"', 'some'],
    ['a stage that must see the line, in front', ['{"a":1}', '{"a":2}'], '| line_format "x" | json', null],
  ])('%s', (_name, lines, stages, expected, metadata) => expect(run(lines, stages, metadata)).toEqual(expected));
});
