import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelNames, levelOfText, levelOfValue, scaleOf, type LevelScale } from '../../../agent/fields/levels.ts';

const value = (text: string, scale: LevelScale = 'usual'): string | null => {
  const bytes = Buffer.from(`<${text}>`);
  return levelOfValue(bytes, 1, bytes.length - 1, scale);
};

describe('levelOfValue', () => {
  it.each<[string, string | null]>([
    ['info', 'info'], ['INFO', 'info'], ['Information', 'info'], ['warn', 'warn'], ['WARNING', 'warn'], ['err', 'error'], ['Error', 'error'], ['SEVERE', 'error'], ['crit', 'critical'], ['Fatal', 'fatal'],
    ['panic', 'fatal'], ['notice', 'info'], ['dbg', 'debug'], ['TRACE', 'trace'], ['verbose', 'trace'], ['E', 'error'], ['w', 'warn'], ['I', 'info'], ['x', null], ['', null], ['errors', null], ['informationals', null],
    ['30', 'info'], ['50', 'error'], ['60', 'fatal'], ['10', 'trace'], ['3', 'error'], ['7', 'debug'], ['100', 'fatal'], ['1000', null], ['8', null],
  ])('%j is %s', (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  it.each<[string, LevelScale, string | null]>([
    ['1', 'otel', 'trace'], ['5', 'otel', 'debug'], ['9', 'otel', 'info'], ['12', 'otel', 'info'], ['13', 'otel', 'warn'], ['17', 'otel', 'error'], ['24', 'otel', 'fatal'], ['0', 'otel', null], ['25', 'otel', null],
    ['10', 'python', 'debug'], ['20', 'python', 'info'], ['40', 'python', 'error'], ['50', 'python', 'critical'], ['5', 'python', 'trace'],
    ['0', 'syslog', 'fatal'], ['4', 'syslog', 'warn'], ['6', 'syslog', 'info'], ['9', 'syslog', null],
  ])('%s on the scale %s is %s', (text, scale, expected) => {
    expect(value(text, scale)).toBe(expected);
  });

  it('knows which scale a name means', () => {
    expect(['severityNumber', 'severity_number', 'levelno', 'PRIORITY', 'level'].map(scaleOf)).toEqual(['otel', 'otel', 'python', 'syslog', 'usual']);
  });
});

describe('levelOfText', () => {
  it.each<[string, string | null]>([
    ['2026-11-22 21:00:00,123 [main] ERROR com.acme.Shop - failed', 'error'],
    ['2026-11-22 21:00:00.123  WARN 1 --- [nio-8080] c.a.Shop : slow', 'warn'],
    ['E1122 21:00:00.123456 1 shop.go:12] failed', 'error'],
    ['I1122 21:00:00.123456 1 shop.go:12] fine', 'info'],
    ['<3>kernel: failed', 'error'],
    ['<13>app: hello', 'info'],
    ['[error] 12#12: *1 open() failed', 'error'],
    ['2026/11/22 21:00:00 [warn] 12#12: low', 'warn'],
    ['|DEBUG| x', 'debug'],
    ['time=x level=warning msg=y', 'warn'],
    ['severity: ERROR something', 'error'],
    ['INFO: started', 'info'],
    ['npm error something', null],
    ['GET /errors/ERROR_LOG HTTP/1.1', null],
    ['no error at all', null],
    ['mode=error', null],
    ['', null],
    [`${'x'.repeat(300)} ERROR`, null],
  ])('%j: %s', (text, expected) => {
    const bytes = Buffer.from(text);
    expect(levelOfText(bytes, 0, bytes.length)).toBe(expected);
  });

  it('never throws and answers a known level or none', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (array) => {
      const level = levelOfText(Buffer.from(array), 0, array.length);
      expect(level === null || levelNames.includes(level)).toBe(true);
    }), { numRuns: 2000 });
  });
});
