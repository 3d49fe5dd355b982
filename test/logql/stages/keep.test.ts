import { describe, expect, it } from 'vitest';
import { Pipeline } from './run.ts';

const line = 'level=error status=500 app=x';
const given = { stream: { app: 'shop', pod: 'p1' }, metadata: { trace: 't1', user: 'u' } };

function all(stages: string, text = line): Readonly<Record<string, string>> {
  const pipeline = new Pipeline(stages, given);
  pipeline.process(text);
  const { stream, structuredMetadata, parsed } = pipeline.labels.result();
  return Object.fromEntries([...stream, ...structuredMetadata, ...parsed].map(({ name, value }) => [name, value]));
}

describe('keep evaluates', () => {
  it.each<[stages: string, labels: Readonly<Record<string, string>>]>([
    ['| logfmt | keep level, status', { level: 'error', status: '500' }],
    ['| logfmt | keep level="info", app', { app: 'shop' }],
    ['| logfmt | keep level=~"err.*", level="x"', { level: 'error' }],
    ['| keep app', { app: 'shop' }],
    ['| keep trace', { trace: 't1' }],
    ['| logfmt | keep level | keep status', {}],
  ])('%s', (stages, labels) => {
    expect(all(stages)).toEqual(labels);
  });
});

describe('keep with errors', () => {
  const details = 'expecting json object(6), but it is not';
  it.each<[stages: string, labels: Readonly<Record<string, string>>]>([
    ['| unpack | keep level', { __error__: 'JSONParserErr', __error_details__: details }],
    ['| unpack | drop __error__="Other" | keep none', { __error__: 'JSONParserErr', __error_details__: details }],
  ])('%s', (stages, labels) => {
    expect(all(stages)).toEqual(labels);
  });
});

describe('keep at the edges', () => {
  it('shows later stages only what it kept', () => {
    expect(all('| logfmt | keep level | label_format s="{{.status}}"')).toEqual({ level: 'error', s: '' });
  });

  it('leaves one series for all rows where it keeps nothing', () => {
    const pipeline = new Pipeline('| logfmt | keep none');
    pipeline.process('a=1');
    const first = pipeline.labels.result();
    pipeline.process('a=2');
    expect(pipeline.labels.result()).toBe(first);
  });
});
