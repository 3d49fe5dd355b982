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

const everything = { app: 'shop', pod: 'p1', trace: 't1', user: 'u', level: 'error', status: '500', app_extracted: 'x' };
const without = (...names: (keyof typeof everything)[]): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(everything).filter(([name]) => !(names as string[]).includes(name)));

describe('drop evaluates', () => {
  it.each<[stages: string, labels: Readonly<Record<string, string>>]>([
    ['| logfmt | drop level', without('level')],
    ['| logfmt | drop app, trace, app_extracted', without('app', 'trace', 'app_extracted')],
    ['| logfmt | drop level="error", status!="500"', without('level')],
    ['| logfmt | drop level=~"err.*|x", status=~"5"', without('level')],
    ['| logfmt | drop missing, level="info"', everything],
    ['| logfmt | drop level | logfmt', without('level')],
    ['| drop app | logfmt', { ...without('app') }],
  ])('%s', (stages, labels) => {
    expect(all(stages)).toEqual(labels);
  });
});

describe('drop with errors', () => {
  const details = 'expecting json object(6), but it is not';
  it.each<[stages: string, labels: Readonly<Record<string, string>>]>([
    ['| unpack | drop __error__', { app: 'shop', pod: 'p1', trace: 't1', user: 'u', __error_details__: details }],
    ['| unpack | drop __error_details__', { app: 'shop', pod: 'p1', trace: 't1', user: 'u', __error__: 'JSONParserErr' }],
    ['| unpack | drop __error__="JSONParserErr", __error_details__', { app: 'shop', pod: 'p1', trace: 't1', user: 'u' }],
  ])('%s', (stages, labels) => {
    expect(all(stages)).toEqual(labels);
  });

  it('does not show the details alone on a row that nothing else changed', () => {
    const pipeline = new Pipeline('| unpack | drop __error__', { stream: { app: 'shop' } });
    pipeline.process('x');
    expect(pipeline.labels.result()).toMatchObject({ stream: [{ name: 'app', value: 'shop' }], parsed: [] });
  });
});

describe('drop at the edges', () => {
  it('ask a condition of "" where the label is missing', () => {
    const pipeline = new Pipeline('| drop missing=""');
    expect(pipeline.run('x').labels).toEqual({});
  });

  it('leave labels of a parser that are set again', () => {
    expect(all('| logfmt | drop level | label_format level=status')).toEqual({ ...without('status'), level: '500' });
  });
});
