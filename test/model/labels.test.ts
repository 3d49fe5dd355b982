import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatLabels, hashLabels, labelSet, labelsObject, labelValue, quoteGo } from '../../src/model/mod.ts';

const names = fc.oneof(fc.constantFrom('app', '__proto__', 'constructor', 'a', 'A', 'ä', '𝒳'), fc.string({ minLength: 1, maxLength: 8 }));
const pairs = fc.uniqueArray(fc.tuple(names, fc.string({ unit: 'grapheme', maxLength: 8 })), { selector: ([name]) => name, maxLength: 12 });

test('the order of the pairs changes neither the label set nor its hash', () => {
  const shuffled = pairs.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      expect(labelSet(other)).toEqual(labelSet(list));
      expect(formatLabels(labelSet(other))).toBe(formatLabels(labelSet(list)));
      expect(hashLabels(labelSet(other))).toBe(hashLabels(labelSet(list)));
    }),
  );
});

test('sorted by name, no name twice, no empty value', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(names, fc.string({ maxLength: 3 })), { maxLength: 20 }), (list) => {
      const labels = labelSet(list);
      for (let i = 1; i < labels.length; i++) expect((labels[i - 1]?.name ?? '') < (labels[i]?.name ?? '')).toBe(true);
      for (const { name, value } of labels) {
        expect(value).not.toBe('');
        expect(list.findLast(([other]) => other === name)?.[1]).toBe(value);
        expect(labelValue(labels, name)).toBe(value);
      }
      for (const [name] of list) expect(labelValue(labels, name) ?? '').toBe(list.findLast(([other]) => other === name)?.[1]);
    }),
  );
});

test('two label sets print alike only where they are alike', () => {
  fc.assert(
    fc.property(pairs, pairs, (a, b) => {
      const [left, right] = [labelSet(a), labelSet(b)];
      expect(formatLabels(left) === formatLabels(right)).toBe(JSON.stringify(left) === JSON.stringify(right));
    }),
  );
});

test('the printed form, and the hash that chooses the partition, never change', () => {
  const labels = labelSet([['b', 'x "y" \\ z'], ['a', 'tab\t\u0001 ü\u{1f600}\u200b'], ['empty', '']]);
  expect(formatLabels(labels)).toBe('{a="tab\\t\\x01 ü😀\\u200b", b="x \\"y\\" \\\\ z"}');
  expect(formatLabels([])).toBe('{}');
  expect([[], labelSet([['app', 'shop']]), labels].map(hashLabels)).toEqual([695_980_202, 2_374_327_975, 1_734_137_487]);
});

test('an object of labels has no prototype to trip over', () => {
  const object = labelsObject(labelSet([['__proto__', 'x'], ['toString', 'y']]));
  expect(Object.entries(object)).toEqual([['__proto__', 'x'], ['toString', 'y']]);
  expect(Object.getPrototypeOf(object)).toBeNull();
});

// From Go 1.26: strconv.Quote.
test.each([
  ['', '""'], ['plain', '"plain"'], ['\u0007\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'], ['\u0000\u001f\u007f', '"\\x00\\x1f\\x7f"'], ['\u00a0\u00ad', '"\\u00a0\\u00ad"'], ['é日本', '"é日本"'],
  ['\u{10ffff}', '"\\U0010ffff"'], ['\ufeff', '"\\ufeff"'], ["'", `"'"`],
])('%j is quoted as %s', (text, quoted) => expect(quoteGo(text)).toBe(quoted));
