import { describe, expect, test } from 'vitest';
import { lineFormatError } from '../../../src/logql/stages/line-format.ts';
import { Pipeline } from './run.ts';

const given = { stream: { app: 'x' }, metadata: { trace: 't1' } };

describe('evaluates', () => {
  test.each([
    ['| line_format "{{.app}} {{.trace}} {{.missing}}|"', 'x t1 |'],
    ['| line_format "{{.app}}"', 'x'],
    ['| line_format "{{.missing}}"', ''],
    ['| line_format "<{{__line__}}>"', '<a=1 b=2>'],
    ['| line_format "a={{.app}}" | logfmt | line_format "{{.a}}{{.app_extracted}}"', 'x'],
    ['| logfmt | line_format "{{.b}}{{.a}}" | line_format "{{__line__}}!"', '21!'],
    ['| logfmt | line_format "{{ . }}"', 'map[a:1 app:x b:2 trace:t1]'],
  ])('%s', (stages, line) => {
    expect(new Pipeline(stages, given).run('a=1 b=2').line).toBe(line);
  });
});

describe('errors', () => {
  test('an error leaves the line and is told', () => {
    const { labels, line } = new Pipeline('| line_format "{{ .app.b }}"', given).run('text');
    expect(line).toBe('text');
    expect(labels).toMatchObject({ __error__: 'TemplateFormatErr', __error_details__: 'template: line:1:7: executing "line" at <.app.b>: can\'t evaluate field b in type string' });
  });

  test('templates see the error of a stage before', () => {
    expect(new Pipeline('| json | line_format "{{ .__error__ }}!"', given).run('text').line).toBe('JSONParserErr!');
    expect(new Pipeline('| json | line_format "{{ .__error__ }}"', given).run('text').line).toBe('');
  });

  test.each([
    ['{{ .x', 'invalid line template: template: line:1: unclosed action'],
    ['{{ .x }}', null],
  ])('%s', (template, error) => {
    expect(lineFormatError({ kind: 'line_format', template })).toBe(error);
  });
});

describe('edge cases', () => {
  test('filters after it see the new line, those before it the old one', () => {
    expect(new Pipeline('|= "a=1" | line_format "new" |= "new"', given).run('a=1').line).toBe('new');
    expect(new Pipeline('| line_format "new" |= "a=1"', given).run('a=1').labels).toBeNull();
  });

  test('bytes that are no UTF-8 stay', () => {
    const pipeline = new Pipeline('| line_format "{{__line__}}|{{__line__}}"', given);
    expect(pipeline.process(Buffer.from([0xff, 0x61]))).toBe(true);
    expect(pipeline.line()).toBe('\ufffda|\ufffda');
  });
});
