import { parseConfigSize, reasonOf } from '../../src/model/mod.ts';
import { multilineSchema, type MultilineOptions } from '../config/multiline.ts';
import { labelsFromFields, metadataFromFields, parseRuleSchema, type ParseRule } from '../config/parse.ts';
import { rateLimitSchema, redactSchema, samplingSchema } from '../config/shape.ts';
import { levelNames } from '../fields/levels.ts';
import type { ShapeOverrides } from '../shape/shaping.ts';
import { annotationNames, annotationPrefix, type AnnotationName } from './annotation-names.ts';

/** What a pod's annotations set for one container. Undefined: what the configuration says. */
export interface ContainerOverrides {
  readonly exclude: boolean;
  readonly parser: Pick<ParseRule, 'format' | 'pattern'> | undefined;
  readonly multiline: MultilineOptions | undefined;
  readonly shape: ShapeOverrides;
  readonly tenant: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** An annotation that is not used, and why. */
export interface AnnotationFault {
  readonly annotation: string;
  readonly reason: string;
}

/** Longest value that is read. */
const valueLengthMax = 4096;
/** Annotations of the agent that are read of one pod. */
const annotationsMax = 200;

/** The annotations that the agent keeps of a pod. */
export function ownAnnotations(annotations: ReadonlyMap<string, string>): Record<string, string> {
  const own = Array.from(annotations).filter(([key]) => key.startsWith(annotationPrefix)).sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, annotationsMax);
  return Object.fromEntries(own.map(([key, value]) => [key, value.slice(0, valueLengthMax + 1)]));
}

/**
 * Reads the annotations of a pod for one container. `spoor.dev/<container>.<name>` comes before `spoor.dev/<name>`. One that cannot be used counts as not there and is told to `fault`.
 * @param allowed names that the configuration lets pods use
 */
export function readAnnotations(annotations: Readonly<Record<string, string>>, container: string, allowed: readonly string[], fault: (fault: AnnotationFault) => void): ContainerOverrides {
  const given = new Map<AnnotationName, { readonly key: string; readonly value: string }>();
  for (const [key, value] of Object.entries(annotations)) {
    const rest = key.slice(annotationPrefix.length);
    const own = rest.startsWith(`${container}.`);
    const name = own ? rest.slice(container.length + 1) : rest;
    const known = annotationNames.find((candidate) => candidate === name);
    if (known === undefined) {
      // Another container's, or a mistake.
      if (!annotationNames.some((candidate) => rest.endsWith(`.${candidate}`))) fault({ annotation: key, reason: `there is no such annotation; known are ${annotationNames.join(', ')}` });
      continue;
    }
    if (!allowed.includes(known)) fault({ annotation: key, reason: 'the configuration of the agent does not let pods set it (kubernetes.annotations)' });
    else if (value.length > valueLengthMax) fault({ annotation: key, reason: `it is longer than ${valueLengthMax} characters` });
    else if (own || !given.has(known) || !(given.get(known)?.key ?? '').startsWith(`${annotationPrefix}${container}.`)) given.set(known, { key, value: value.trim() });
  }
  const read = <T>(name: AnnotationName, parse: (value: string) => T): T | undefined => {
    const annotation = given.get(name);
    if (annotation === undefined || annotation.value === '') return undefined;
    try {
      return parse(annotation.value);
    } catch (error) {
      fault({ annotation: annotation.key, reason: reasonOf(error).split('\n')[0] ?? '' });
      return undefined;
    }
  };
  return {
    exclude: read('exclude', (value) => readExclude(value, container)) ?? false,
    parser: read('parser', readParser),
    multiline: readMultiline(read),
    shape: { redact: read('redact', readRedact), rateLimit: read('rate-limit', readRateLimit), sampling: read('sampling', readSampling) },
    tenant: read('tenant', readTenant),
    labels: read('labels', (value) => checked(labelsFromFields.safeParse(readPairs(value)))),
    metadata: read('metadata', (value) => checked(metadataFromFields.safeParse(readPairs(value)))),
  };
}

/** What of zod's issues is looked at; a key that is refused holds the reason inside. */
interface ZodIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly issues?: readonly ZodIssue[];
}

interface Checked<T> {
  readonly success: boolean;
  readonly data?: T;
  readonly error?: { readonly issues: readonly ZodIssue[] };
}

function checked<T>(result: Checked<T>): T {
  if (result.success) return result.data as T;
  const issue = result.error?.issues[0];
  throw new Error(issue === undefined ? 'not valid' : `${issue.path.length === 0 ? '' : `${issue.path.join('.')}: `}${issue.issues?.[0]?.message ?? issue.message}`);
}

/** `true`, `false`, or the containers that are left out. */
function readExclude(value: string, container: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  const names = list(value);
  const wrong = names.find((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name));
  if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} is no name of a container; true, false or names are needed`);
  return names.includes(container);
}

/** `json`, `logfmt`, `auto`, `none`, `regex:…`, `grok:…`. */
function readParser(value: string): ContainerOverrides['parser'] {
  const colon = value.indexOf(':');
  const format = colon < 0 ? value : value.slice(0, colon);
  const rule = checked(parseRuleSchema.safeParse(colon < 0 ? { format } : { format, pattern: value.slice(colon + 1) }));
  return { format: rule.format, pattern: rule.pattern };
}

function readMultiline(read: <T>(name: AnnotationName, parse: (value: string) => T) => T | undefined): MultilineOptions | undefined {
  const start = read('multiline-start', (value) => checked(multilineSchema.safeParse({ start: value })));
  // `spoor.dev/multiline: '^\d{4}-'` is a start pattern, too.
  return start ?? read('multiline', (value) => checked(multilineSchema.safeParse(value === 'auto' || value === 'off' ? value : { start: value })));
}

/** `off`, `default`, `all`, `none`, or names of built-in ones. */
function readRedact(value: string): ShapeOverrides['redact'] {
  if (value === 'off' || value === 'false') return 'off';
  const builtin = value === 'true' ? 'default' : value === 'default' || value === 'all' || value === 'none' ? value : list(value);
  return checked(redactSchema.safeParse({ builtin }));
}

/** `100` or `100/s` lines, `1MB/s` bytes, `lines=100,bytes=1MB,burst=30`, `off`. */
function readRateLimit(value: string): ShapeOverrides['rateLimit'] {
  if (value === 'off') return 'off';
  const settings: Record<string, unknown> = {};
  for (const part of list(value)) {
    const [key = '', given = ''] = part.includes('=') ? part.split('=', 2) : [/[a-zA-Z]/.test(part.replace(/\/s$/, '')) ? 'bytes' : 'lines', part];
    const text = given.replace(/\/s$/, '');
    if (key === 'lines') settings['lines_per_second'] = number(text);
    else if (key === 'burst') settings['burst_seconds'] = number(text.replace(/s$/, ''));
    else if (key === 'bytes') {
      if (parseConfigSize(text) === undefined) throw new Error(`${JSON.stringify(text)} is no size (write 1MB/s)`);
      settings['bytes_per_second'] = text;
    } else throw new Error(`${JSON.stringify(key)} is none of lines, bytes, burst`);
  }
  return checked(rateLimitSchema.safeParse(settings));
}

/** `0.1` of all lines, `debug=0.01,info=0.1,traces=0.5`, `off`. */
function readSampling(value: string): ShapeOverrides['sampling'] {
  if (value === 'off') return 'off';
  const settings: { fraction?: number; traces?: number; by?: string; levels: Record<string, number> } = { levels: {} };
  for (const part of list(value)) {
    const [key = '', given = ''] = part.includes('=') ? part.split('=', 2) : ['fraction', part];
    if (key === 'fraction') settings.fraction = number(given);
    else if (key === 'traces') settings.traces = number(given);
    else if (key === 'by') settings.by = given;
    else if ((levelNames as readonly string[]).includes(key)) settings.levels[key] = number(given);
    else throw new Error(`${JSON.stringify(key)} is none of fraction, traces, by, ${levelNames.join(', ')}`);
  }
  return checked(samplingSchema.safeParse(settings));
}

function readTenant(value: string): string {
  if (!/^[a-zA-Z0-9!\-_.*'()]{1,150}$/.test(value) || value === '.' || value === '..') throw new Error(`${JSON.stringify(value)} is no tenant: up to 150 of letters, digits and !-_.*'()`);
  return value;
}

/** `level=severity,method` → { level: severity, method: method }. A name is what is left of dots and dashes in the field. */
function readPairs(value: string): Record<string, string> {
  const pairs: Record<string, string> = Object.create(null) as Record<string, string>;
  if (value === 'none') return {};
  for (const part of list(value)) {
    const equals = part.indexOf('=');
    const field = part.slice(equals + 1).trim();
    pairs[equals < 0 ? field.replaceAll(/[^a-zA-Z0-9_]+/g, '_') : part.slice(0, equals).trim()] = field;
  }
  return { ...pairs };
}

function list(value: string): string[] {
  const parts = value.split(',').map((part) => part.trim()).filter((part) => part !== '');
  if (parts.length === 0 || parts.length > 100) throw new Error('1 to 100 values, separated by commas, are needed');
  return parts;
}

function number(text: string): number {
  if (!/^\d{1,12}(?:\.\d{1,12})?$/.test(text.trim())) throw new Error(`${JSON.stringify(text)} is no number`);
  return Number(text);
}
