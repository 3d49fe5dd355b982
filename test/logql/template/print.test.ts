import { describe, expect, test } from 'vitest';
import { printf, printValue } from '../../../src/logql/template/print.ts';
import { GoTime } from '../../../src/logql/template/time.ts';
import { int64, NamedInteger, type GoValue } from '../../../src/logql/template/values.ts';

describe('evaluates', () => {
  test.each<[string, readonly GoValue[], string]>([
    ['%-10s|%5s|%q|%v|%x', ['usr', '504', 'a "b"', 'v', 'usr'], 'usr       |  504|"a \\"b\\""|v|757372'],
    ['%d %5d|%-5d|%05d|%+d|% d', [1n, 42n, 42n, 42n, 42n, 42n], '1    42|42   |00042|+42| 42'],
    ['%x %X %o %b %#x %#o %O', [255n, 255n, 8n, 5n, 255n, 8n, 8n], 'ff FF 10 101 0xff 010 0o10'],
    ['%c %U %q', [0x4e16n, 0x4e16n, 0x41n], "世 U+4E16 'A'"],
    ['%6.2f|%e|%g|%.3g|%G', [3.14159, 1234.5, 0.00001, 1234.5, 1e-7], '  3.14|1.234500e+03|1e-05|1.23e+03|1E-07'],
    ['%v %v %v', [1e6, 0.1, 1e21], '1e+06 0.1 1e+21'],
    ['%08.3f|%-8.1f|%+.1f', [3.14159, 2.5, 2.5], '0003.142|2.5     |+2.5'],
    ['%t %v', [true, false], 'true false'],
    ['%5.2s|%.1s|%5q', ['abc', 'éà', 'a'], '   ab|é|  "a"'],
    ['%*d|%-*d|%.*f', [5n, 42n, 4n, 7n, 1n, 2.55], '   42|7   |2.5'],
    ['%[2]s %[1]s', ['a', 'b'], 'b a'],
    ['%%', [], '%'],
    ['%T %T %T', ['a', 1n, 1.5], 'string int float64'],
    ['%v %v', [[1n, 'a'], new Map<string, GoValue>([['b', 1n], ['a', null]])], '[1 a] map[a:<nil> b:1]'],
    ['%d %v %x', [int64(7n), new NamedInteger('time.Month', 1n, 'January'), int64(255n)], '7 January ff'],
  ])('%s', (format, values, wanted) => {
    expect(printf(format, values)).toBe(wanted);
  });

  test('values as %v', () => {
    expect(printValue(new GoTime(0n, 5))).toBe('1970-01-01 00:00:00.000000005 +0000 UTC');
    expect(printValue(null)).toBe('<nil>');
  });
});

describe('errors', () => {
  test.each<[string, readonly GoValue[], string]>([
    ['%s-%s', ['a'], 'a-%!s(MISSING)'],
    ['%d', ['x'], '%!d(string=x)'],
    ['%s', [5n], '%!s(int=5)'],
    ['%d', [1.5], '%!d(float64=1.5)'],
    ['%z', ['x'], '%!z(string=x)'],
    ['a', ['x', 1n], 'a%!(EXTRA string=x, int=1)'],
    ['%', [], '%!(NOVERB)'],
    ['%[5]d', [1n], '%!d(BADINDEX)'],
    ['%s', [null], '%!s(<nil>)'],
  ])('%s', (format, values, wanted) => {
    expect(printf(format, values)).toBe(wanted);
  });
});
