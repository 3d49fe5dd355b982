import { describe, expect, it } from 'vitest';
import { routeOf } from '../../../agent/route/router.ts';
import { compileMatchers, mapMatchers, parseSelector } from '../../../agent/route/selector.ts';
import { labelSet } from '../../../src/model/mod.ts';

const labels = labelSet([['app', 'web'], ['namespace', 'shop'], ['path', 'a"b\\c']]);
const holds = (selector: string): boolean => compileMatchers(parseSelector(selector))(labels);

describe('selectors', () => {
  it.each([
    ['{app="web"}', true], ['{app="we"}', false], ['{app!="we"}', true], ['{app=~"we."}', true], ['{app=~"we"}', false], ['{app!~"we|db"}', true], ['{app=~"w.*", namespace="shop"}', true],
    ['{app="web", namespace="bank"}', false], ['{}', true], ['', true], ['  { app = "web" , }  ', true], ['app="web",namespace=~"(?i)SHOP"', true], ['{none=""}', true], ['{none!=""}', false],
    ['{none=~".*"}', true], ['{path="a\\"b\\\\c"}', true], ['{path=`a"b\\c`}', true], ['{app=~"w\\\\wb"}', true],
  ])('%s: %s', (selector, expected) => {
    expect(holds(selector)).toBe(expected);
  });

  it.each(['{app}', '{app=}', '{app="web"', '{app="web"} | json', '{app="web" namespace="x"}', '{app=web}', '{0a="x"}', '{app=~"("}', '{app="\\u12"}'])('refuses %s', (selector) => {
    expect(() => parseSelector(selector)).toThrow(/./);
  });

  it('may be maps, with several values for a label', () => {
    expect(compileMatchers(mapMatchers({ app: ['a.b', 'web'], namespace: 'shop' }))(labels)).toBe(true);
    expect(compileMatchers(mapMatchers({ app: ['w.b'] }))(labels)).toBe(false);
  });

  it('choose destinations: all that match, or the first', () => {
    const rules = ['{app="web"}', '{app="db"}', '{namespace="shop"}'].map((text) => ({ match: [compileMatchers(parseSelector(text))] }));
    expect(routeOf([...rules, { match: [] }], 'all', labels)).toEqual([0, 2, 3]);
    expect(routeOf([...rules, { match: [] }], 'first', labels)).toEqual([0]);
    expect(routeOf(rules.slice(1, 2), 'all', labels)).toEqual([]);
  });
});
