import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annotationNames } from '../../../agent/enrich/annotation-names.ts';
import { ownAnnotations, readAnnotations, type AnnotationFault, type ContainerOverrides } from '../../../agent/enrich/annotations.ts';

function read(annotations: Readonly<Record<string, string>>, container = 'web', allowed: readonly string[] = annotationNames): { readonly overrides: ContainerOverrides; readonly faults: readonly AnnotationFault[] } {
  const faults: AnnotationFault[] = [];
  return { overrides: readAnnotations(annotations, container, allowed, (fault) => faults.push(fault)), faults };
}

describe('readAnnotations', () => {
  it.each<[string, Readonly<Record<string, string>>, object]>([
    ['leaves out a pod', { 'spoor.dev/exclude': 'true' }, { exclude: true }],
    ['leaves out a container', { 'spoor.dev/exclude': 'side, web' }, { exclude: true }],
    ['leaves in another', { 'spoor.dev/exclude': 'side' }, { exclude: false }],
    ['names a parser', { 'spoor.dev/parser': 'json' }, { parser: { format: 'json' } }],
    ['names a pattern', { 'spoor.dev/parser': 'grok:%{COMBINEDAPACHELOG}' }, { parser: { format: 'grok', pattern: '%{COMBINEDAPACHELOG}' } }],
    ['a container\'s own comes first', { 'spoor.dev/web.parser': 'logfmt', 'spoor.dev/parser': 'json' }, { parser: { format: 'logfmt' } }],
    ['in either order', { 'spoor.dev/parser': 'json', 'spoor.dev/web.parser': 'logfmt' }, { parser: { format: 'logfmt' } }],
    ['another container\'s does not count', { 'spoor.dev/side.parser': 'logfmt' }, { parser: undefined }],
    ['switches joining off', { 'spoor.dev/multiline': 'off' }, { multiline: { mode: 'off' } }],
    ['begins entries at a pattern', { 'spoor.dev/multiline-start': String.raw`^\d{4}-` }, { multiline: { mode: 'pattern', start: String.raw`^\d{4}-` } }],
    ['limits lines', { 'spoor.dev/rate-limit': '100/s' }, { shape: { rateLimit: { linesPerSecond: 100, burstSeconds: 10 } } }],
    ['limits bytes and lines', { 'spoor.dev/rate-limit': 'lines=50,bytes=1MB/s,burst=30s' }, { shape: { rateLimit: { linesPerSecond: 50, bytesPerSecond: 1_048_576, burstSeconds: 30 } } }],
    ['switches the limit off', { 'spoor.dev/rate-limit': 'off' }, { shape: { rateLimit: 'off' } }],
    ['samples', { 'spoor.dev/sampling': '0.25' }, { shape: { sampling: { fraction: 0.25 } } }],
    ['samples by level', { 'spoor.dev/sampling': 'debug=0.01,info=0.1,traces=0.5' }, { shape: { sampling: { levels: { debug: 0.01, info: 0.1 }, traces: 0.5 } } }],
    ['names a tenant', { 'spoor.dev/tenant': 'team-a' }, { tenant: 'team-a' }],
    ['switches redaction off', { 'spoor.dev/redact': 'off' }, { shape: { redact: 'off' } }],
    ['makes labels', { 'spoor.dev/labels': 'level,method=http.method' }, { labels: { level: 'level', method: 'http.method' } }],
    ['makes metadata', { 'spoor.dev/metadata': 'trace_id, user.id' }, { metadata: { trace_id: 'trace_id', user_id: 'user.id' } }],
    ['makes none', { 'spoor.dev/metadata': 'none' }, { metadata: {} }],
  ])('%s', (_, annotations, expected) => {
    const { overrides, faults } = read(annotations);
    expect(overrides).toMatchObject(expected);
    expect(faults).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['an unknown name', { 'spoor.dev/exclud': 'true' }, 'there is no such annotation'],
    ['a wrong container list', { 'spoor.dev/exclude': 'yes please' }, 'is no name of a container'],
    ['an unknown parser', { 'spoor.dev/parser': 'xml' }, 'format'],
    ['a pattern that is none', { 'spoor.dev/parser': 'regex:(' }, 'missing closing'],
    ['a pattern without fields', { 'spoor.dev/parser': 'regex:abc' }, 'names no field'],
    ['a start that is none', { 'spoor.dev/multiline-start': '(' }, 'regular expression'],
    ['a rate that is none', { 'spoor.dev/rate-limit': 'fast' }, 'size'],
    ['a fraction over 1', { 'spoor.dev/sampling': '7' }, 'fraction'],
    ['a tenant with a slash', { 'spoor.dev/tenant': '../x' }, 'is no tenant'],
    ['an unknown redaction', { 'spoor.dev/redact': 'nosuch' }, ''],
    ['a label that comes from the path', { 'spoor.dev/labels': 'pod=x' }, 'come from the path'],
    ['a label that is no name', { 'spoor.dev/labels': '9x=y' }, 'label names'],
  ])('does not use %s, and says why', (_, annotations, reason) => {
    const { overrides, faults } = read(annotations);
    expect(faults).toHaveLength(1);
    expect(faults[0]?.annotation).toBe(Object.keys(annotations)[0]);
    expect(faults[0]?.reason).toContain(reason);
    expect(overrides).toEqual(read({}).overrides);
  });

  it('does not use what the configuration does not let pods set', () => {
    const { overrides, faults } = read({ 'spoor.dev/tenant': 'x', 'spoor.dev/exclude': 'true' }, 'web', ['exclude']);
    expect([overrides.tenant, overrides.exclude]).toEqual([undefined, true]);
    expect(faults).toMatchObject([{ annotation: 'spoor.dev/tenant' }]);
  });

  it('keeps its own annotations only, in a set order, cut', () => {
    const own = ownAnnotations(new Map([['spoor.dev/z', 'x'.repeat(10_000)], ['other', 'y'], ['spoor.dev/a', 'b']]));
    expect(Object.keys(own)).toEqual(['spoor.dev/a', 'spoor.dev/z']);
    expect(own['spoor.dev/z']?.length).toBe(4097);
  });

  it('never throws, whatever a pod says', () => {
    const name = fc.oneof(fc.constantFrom(...annotationNames), fc.constantFrom(...annotationNames).map((one) => `web.${one}`), fc.string());
    const value = fc.oneof(fc.string(), fc.constantFrom('true', 'off', 'json', 'regex:(', 'grok:%{A}', 'lines=', '=', ',', '0.1', 'debug=x', 'x'.repeat(5000)));
    fc.assert(fc.property(fc.dictionary(name.map((text) => `spoor.dev/${text}`), value), (annotations) => {
      read(annotations);
    }), { numRuns: 1000 });
  });
});
