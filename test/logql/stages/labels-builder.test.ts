import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { allLabels, type LabelNeeds } from '../../../src/logql/stages/hints.ts';
import { LabelsBuilder } from '../../../src/logql/stages/labels-builder.ts';
import { labelSet, type LabelSet } from '../../../src/model/mod.ts';
import { by } from './run.ts';

const set = (labels: Readonly<Record<string, string>>): LabelSet => labelSet(Object.entries(labels));
const object = (labels: LabelSet): Record<string, string> => Object.fromEntries(labels.map(({ name, value }) => [name, value]));

function builder(stream: Readonly<Record<string, string>>, needs: LabelNeeds = allLabels): LabelsBuilder {
  const labels = new LabelsBuilder(needs);
  labels.resetStream(set(stream));
  labels.resetRow(null, 0, 0);
  return labels;
}

function row(labels: LabelsBuilder, metadata: Readonly<Record<string, string>>): void {
  const bytes = Buffer.from(encodeMetadata(set(metadata)));
  labels.resetRow(bytes, 0, bytes.length);
}

const without = (...labels: string[]): LabelNeeds => ({ ...allLabels, grouping: { without: true, labels } });

describe('LabelsBuilder reads', () => {
  it('parsed labels over structured metadata over the stream', () => {
    const labels = builder({ app: 'shop', pod: 'p' });
    row(labels, { trace: 't' });
    expect(['app', 'trace', 'none'].map((name) => labels.get(name))).toEqual(['shop', 't', undefined]);
    labels.set('parsed', 'trace', 'parsed');
    labels.set('structuredMetadata', 'trace', 'no');
    labels.set('parsed', 'app', 'parsed');
    labels.delete('pod');
    expect(['app', 'trace', 'pod'].map((name) => [labels.get(name), labels.getCategory(name)])).toEqual([
      ['parsed', 'parsed'], ['parsed', 'parsed'], [undefined, undefined],
    ]);
    row(labels, {});
    expect(['app', 'trace', 'pod'].map((name) => [labels.get(name), labels.getCategory(name)])).toEqual([
      ['shop', 'stream'], [undefined, undefined], ['p', 'stream'],
    ]);
  });

  it('structured metadata under another name where it clashes with the stream', () => {
    const labels = builder({ env: 'prod' });
    row(labels, { env: 'sm', other: 'x' });
    expect(object(labels.result().structuredMetadata)).toEqual({ env_extracted: 'sm', other: 'x' });
    expect(labels.get('env')).toBe('prod');
  });

  it('an error out of structured metadata', () => {
    const labels = builder({});
    row(labels, { __error__: 'Mine', __error_details__: 'why' });
    expect([labels.error, labels.errorDetails, labels.get('__error__')]).toEqual(['Mine', 'why', undefined]);
  });
});

describe('LabelsBuilder tells errors', () => {
  it('throws corruption where structured metadata makes no sense', () => {
    const labels = builder({});
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        labels.resetRow(Buffer.from(bytes), 0, bytes.length);
        try {
          labels.get('a');
        } catch (error) {
          expect(error).toMatchObject({ code: 'corruption' });
        }
      }),
    );
    labels.resetRow(Buffer.from([5, 97, 200]), 0, 3);
    expect(() => labels.get('a')).toThrow(/structured metadata/);
  });

  it('shows errors as labels, over labels of their name', () => {
    const labels = builder({ app: 'shop' });
    labels.set('parsed', '__error__', 'user');
    expect(object(labels.result().parsed)).toEqual({ __error__: 'user' });
    labels.setError('JSONParserErr', 'why');
    expect(object(labels.result().parsed)).toEqual({ __error__: 'JSONParserErr', __error_details__: 'why' });
    expect(Object.fromEntries(labels.all())).toEqual({ app: 'shop', __error__: 'JSONParserErr', __error_details__: 'why' });
  });

  it('does not group a row with an error, unless errors of parsers are kept', () => {
    const labels = builder({ app: 'shop' }, by('app'));
    labels.setError('JSONParserErr', 'why');
    expect(labels.groupedResult()).toMatchObject({ error: true, labels: set({ app: 'shop', __error__: 'JSONParserErr', __error_details__: 'why' }) });
    const kept = builder({ app: 'shop' }, { ...by('__error__'), keepErrors: true });
    kept.setParserError('JSONParserErr', 'why');
    expect(kept.groupedResult()).toMatchObject({ error: false, labels: set({ __error__: 'JSONParserErr' }) });
    row(kept, {});
    kept.setError('SampleExtractionErr', 'why');
    expect(kept.groupedResult()).toMatchObject({ error: true, labels: set({ app: 'shop', __error__: 'SampleExtractionErr', __error_details__: 'why' }) });
  });
});

describe('LabelsBuilder results', () => {
  it('are one object for the same labels, in whatever order they were set', () => {
    const labels = builder({ app: 'shop' });
    const plain = labels.result();
    expect(plain).toMatchObject({ id: 0, stream: set({ app: 'shop' }), structuredMetadata: [], parsed: [] });
    labels.set('parsed', 'a', '1');
    labels.set('parsed', 'b', '2');
    const changed = labels.result();
    row(labels, {});
    expect(labels.result()).toBe(plain);
    labels.set('parsed', 'b', '2');
    labels.set('parsed', 'a', '1');
    expect(labels.result()).toBe(changed);
    labels.resetStream(set({ app: 'other' }));
    row(labels, {});
    labels.resetStream(set({ app: 'shop' }));
    expect(labels.result()).toBe(plain);
  });

  it('tell labels apart whose texts run into each other', () => {
    const labels = builder({});
    labels.set('parsed', 'a', '1+2:1:x');
    const first = labels.result();
    row(labels, {});
    labels.set('parsed', 'a', '1');
    labels.set('parsed', 'b', 'x');
    expect(labels.result()).not.toBe(first);
  });

  it.each<[needs: LabelNeeds, expected: Readonly<Record<string, string>>]>([
    [by('app', 'level'), { app: 'shop', level: 'info' }],
    [by('none'), {}],
    [by('empty', 'level'), { empty: '', level: 'info' }],
    [by('gone'), {}],
    [without('app', 'level'), { empty: '', pod: 'p', trace: 't' }],
    [allLabels, { app: 'shop', empty: '', pod: 'p', trace: 't', level: 'info' }],
  ])('are grouped: %j', (needs, expected) => {
    const labels = builder({ app: 'shop', pod: 'p', gone: 'x' }, needs);
    row(labels, { trace: 't' });
    labels.set('parsed', 'level', 'info');
    labels.set('parsed', 'empty', '');
    labels.delete('gone');
    const group = labels.groupedResult();
    expect(object(group.labels)).toEqual(expected);
    expect(group.error).toBe(false);
    expect(labels.groupedResult()).toBe(group);
  });

  it('leave out of `by` what was deleted, even if it was set again', () => {
    const labels = builder({ app: 'shop' }, by('app'));
    labels.delete('app');
    labels.set('parsed', 'app', 'again');
    expect(labels.groupedResult().labels).toEqual([]);
    expect(object(labels.result().parsed)).toEqual({ app: 'again' });
  });

  it('survive that names are forgotten', () => {
    const labels = builder({ app: 'shop' }, by('app', 'n0'));
    labels.set('parsed', 'n0', 'x');
    const group = labels.groupedResult();
    for (let i = 0; i < 40_000; i++) labels.set('parsed', `n${i}`, 'x');
    row(labels, {});
    expect(labels.generation).toBe(1);
    labels.set('parsed', 'n0', 'x');
    expect(labels.groupedResult()).toBe(group);
    expect(labels.get('app')).toBe('shop');
  });
});

describe('LabelsBuilder for parsers', () => {
  it('claims a name once, under another name where it clashes, and only if it is wanted', () => {
    const labels = builder({ app: 'shop' }, by('app_extracted', 'app', 'level'));
    row(labels, { trace: 't' });
    expect(labels.claim(labels.slot('app'))?.name).toBe('app_extracted');
    expect(labels.claim(labels.slot('trace'))).toBeNull();
    const level = labels.slot('level');
    expect(labels.claim(level)).toBe(level);
    labels.setText(level, 'info');
    expect(labels.claim(level)).toBeNull();
    labels.delete('level');
    expect(labels.claim(level)).toBeNull();
    expect(labels.allFound).toBe(false);
    labels.setText(labels.slot('app'), 'x');
    labels.setText(labels.slot('app_extracted'), 'x');
    expect(labels.allFound).toBe(true);
    row(labels, {});
    expect(labels.allFound).toBe(false);
    expect([labels.wantsPrefix('le'), labels.wantsPrefix('x')]).toEqual([true, false]);
  });

  it('takes back what was set since a mark', () => {
    const labels = builder({ app: 'shop' }, by('a', 'b'));
    labels.setText(labels.slot('a'), '1');
    labels.mark();
    labels.setText(labels.slot('b'), '2');
    labels.setError('JSONParserErr', 'why');
    expect(labels.allFound).toBe(true);
    labels.rollback();
    expect([labels.get('a'), labels.get('b'), labels.error, labels.errorDetails, labels.allFound]).toEqual(['1', undefined, '', '', false]);
    expect(labels.claim(labels.slot('b'))).not.toBeNull();
  });
});
