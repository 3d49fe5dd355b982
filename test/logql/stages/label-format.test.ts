import { describe, expect, test } from 'vitest';
import { labelFormatError } from '../../../src/logql/stages/label-format.ts';
import type { LabelFormat } from '../../../src/logql/syntax/mod.ts';
import { Pipeline } from './run.ts';

const given = { stream: { app: 'x', cluster: 'eu' }, metadata: { trace: 't1' } };

function value(stages: string, name: string): string | undefined {
  const pipeline = new Pipeline(stages, given);
  expect(pipeline.process('level=info status=200')).toBe(true);
  return pipeline.labels.get(name);
}

describe('evaluates', () => {
  test.each<[string, string, string | undefined]>([
    ['| label_format y=app', 'y', 'x'],
    ['| label_format y=app', 'app', undefined],
    ['| label_format y=missing', 'y', undefined],
    ['| label_format y="{{.missing}}"', 'y', ''],
    ['| label_format y="const"', 'y', 'const'],
    ['| label_format app="{{.app}}-{{.cluster}}"', 'app', 'x-eu'],
    ['| label_format c=cluster, cluster="moved"', 'cluster', 'moved'],
    ['| label_format c=cluster, cluster="moved"', 'c', 'eu'],
    ['| label_format trace="{{.trace | upper}}"', 'trace', 'T1'],
    ['| logfmt | label_format cls="{{ substr 0 1 .status }}xx"', 'cls', '2xx'],
    ['| logfmt | label_format y="{{ __line__ | trunc 5 }}"', 'y', 'level'],
    // All templates of a stage see the labels before its first one.
    ['| label_format a="{{.app}}1", b="{{.a}}2"', 'b', '2'],
    ['| label_format a="{{.app}}1" | label_format b="{{.a}}2"', 'b', 'x12'],
    ['| label_format y=app, a="{{.y}}", app=cluster, b="{{.app}}{{.cluster}}"', 'b', 'eu'],
  ])('%s makes %s', (stages, name, wanted) => {
    expect(value(stages, name)).toBe(wanted);
  });
});

test('where there were no labels each template sees what the one before it made', () => {
  expect(value('| drop app, cluster, trace | label_format a="{{.app}}1", b="{{.a}}2", c="{{.b}}3"', 'b')).toBe('12');
  expect(value('| drop app, cluster, trace | label_format a="{{.app}}1", b="{{.a}}2", c="{{.b}}3"', 'c')).toBe('3');
});

describe('errors', () => {
  test('a failing template sets nothing and is told', () => {
    const { labels } = new Pipeline('| label_format y="{{ .app.b }}", z="ok"', given).run('');
    expect(labels).toMatchObject({ __error__: 'TemplateFormatErr', z: 'ok' });
    expect(labels).not.toHaveProperty('y');
  });

  const stage = (...assignments: LabelFormat['assignments']): LabelFormat => ({ kind: 'label_format', assignments });
  test.each([
    [stage({ kind: 'template', label: '__error__', template: 'x' }), '__error__ cannot be formatted'],
    [stage({ kind: 'rename', label: 'a', from: 'b' }, { kind: 'template', label: 'a', template: 'x' }), "multiple label name 'a' not allowed in a single format operation"],
    [stage({ kind: 'template', label: 'x', template: '{{ .y' }), "invalid template for label 'x': template: label:1: unclosed action"],
    [stage({ kind: 'template', label: 'x', template: '{{ .y }}' }), null],
  ])('%j', (format, error) => {
    expect(labelFormatError(format)).toBe(error);
  });
});

describe('edge cases', () => {
  test('exchanging two labels loses one as in Loki', () => {
    expect(value('| logfmt | label_format level=status, status=level', 'level')).toBeUndefined();
  });

  test('a parsed label is held against filters that stand later', () => {
    expect(new Pipeline('| logfmt | label_format level=status | level="200"', given).process('level=info status=200')).toBe(false);
    expect(new Pipeline('| logfmt | label_format level=status | level=200', given).run('level=info status=200').labels).toMatchObject({ __error__: 'LabelFilterErr' });
  });
});
