import { TemplateError } from '../values.ts';
import { define, type TemplateFunction } from './spec.ts';

/** Bytes that one function may make. */
const textMax = 1 << 20;

/** Cuts by bytes, as Go slices strings; what is left of a torn character is U+FFFD. */
function sliceBytes(text: string, from: number, to: number): string {
  return Buffer.from(text, 'utf8').subarray(from, to).toString('utf8');
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** sprig's trunc: a negative count keeps the end. */
function trunc(count: bigint, text: string): string {
  const length = byteLength(text);
  const n = Number(count);
  if (n < 0 && length + n > 0) return sliceBytes(text, length + n, length);
  return n >= 0 && length > n ? sliceBytes(text, 0, n) : text;
}

/** sprig's substr: a negative start is 0, a negative end is the text's. */
function substr(start: bigint, end: bigint, text: string): string {
  const length = byteLength(text);
  const from = Number(start);
  const to = Number(end);
  const bounds = (low: number, high: number): string => {
    if (high < 0 || high > length) throw new TemplateError(`runtime error: slice bounds out of range [:${high}] with length ${length}`);
    if (low > high) throw new TemplateError(`runtime error: slice bounds out of range [${low}:${high}]`);
    return sliceBytes(text, low, high);
  };
  if (from < 0) return bounds(0, to);
  return to < 0 || to > length ? bounds(from, length) : bounds(from, to);
}

function align(count: bigint, text: string, right: boolean): string {
  const characters = Array.from(text);
  const n = Number(count);
  if (n < 0 || n === characters.length) return text;
  if (n > textMax) throw new TemplateError(`align to ${n} characters is over the limit of ${textMax}`);
  const fill = n - characters.length;
  if (fill > 0) return right ? ' '.repeat(fill) + text : text + ' '.repeat(fill);
  return (right ? characters.slice(characters.length - n) : characters.slice(0, n)).join('');
}

function repeat(count: bigint, text: string): string {
  const n = Number(count);
  if (n < 0) throw new TemplateError('strings: negative Repeat count');
  if (n * byteLength(text) > textMax) throw new TemplateError(`repeat makes more than the limit of ${textMax} bytes`);
  return text.repeat(n);
}

/** strings.Title: letters that follow no letter, digit, underscore or apostrophe-like mark go to title case. */
function title(text: string): string {
  let previous = ' ';
  let out = '';
  for (const character of text) {
    out += isSeparator(previous) ? titleCase(character) : character;
    previous = character;
  }
  return out;
}

function isSeparator(character: string): boolean {
  if (character < '\x80') return !/[A-Za-z0-9_]/.test(character);
  return !/[\p{L}\p{Nd}]/u.test(character) && /\p{White_Space}/u.test(character);
}

function titleCase(character: string): string {
  const upper = character.toUpperCase();
  return upper.length === character.length ? upper : character;
}

/** strings.ToUpper and ToLower map letter by letter, so that no letter becomes two. */
function mapCase(text: string, upper: boolean): string {
  const mapped = upper ? text.toUpperCase() : text.toLowerCase();
  if (mapped.length === text.length && !text.includes('\u03a3')) return mapped;
  let out = '';
  for (const character of text) {
    const one = upper ? character.toUpperCase() : character === '\u0130' ? 'i' : character.toLowerCase();
    out += Array.from(one).length === 1 ? one : character;
  }
  return out;
}

function trimSet(text: string, cutset: string, left: boolean, right: boolean): string {
  const set = new Set(cutset);
  const characters = Array.from(text);
  let from = 0;
  let to = characters.length;
  if (left) while (from < to && set.has(characters[from] ?? '')) from++;
  if (right) while (to > from && set.has(characters[to - 1] ?? '')) to--;
  return characters.slice(from, to).join('');
}

function trimSpace(text: string): string {
  return text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
}

function replaceTimes(text: string, old: string, by: string, times: bigint): string {
  if (times < 0n) return limited(text, old, by);
  let out = '';
  let rest = text;
  for (let i = 0n; i < times; i++) {
    const at = rest.indexOf(old);
    if (at < 0) break;
    if (old === '' && rest === '') return out + by;
    out += old === '' ? by + rest.slice(0, 1) : rest.slice(0, at) + by;
    rest = old === '' ? rest.slice(1) : rest.slice(at + old.length);
  }
  return out + rest;
}

function limited(text: string, old: string, by: string): string {
  const parts = old === '' ? ['', ...Array.from(text), ''] : text.split(old);
  if (parts.length * by.length + text.length > 4 * textMax) throw new TemplateError(`replace makes more than the limit of ${4 * textMax} characters`);
  return old === '' ? by + Array.from(text).map((character) => character + by).join('') : parts.join(by);
}

function indent(spaces: bigint, text: string): string {
  if (spaces < 0n) throw new TemplateError('strings: negative Repeat count');
  if (spaces > 10_000n || Number(spaces) * text.split('\n').length > textMax) throw new TemplateError(`indent makes more than the limit of ${textMax} bytes`);
  const pad = ' '.repeat(Number(spaces));
  return pad + text.replaceAll('\n', `\n${pad}`);
}

function trimPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function trimSuffix(text: string, suffix: string): string {
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

function b64dec(text: string): string {
  const rest = text.length % 4;
  const padded = rest === 2 || rest === 3 ? text + '='.repeat(4 - rest) : text;
  const clean = padded.replace(/[\r\n]/g, '');
  const valid = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/.exec(clean)?.[0].length ?? 0;
  if (valid !== clean.length) return `illegal base64 data at input byte ${badBase64At(clean)}`;
  return Buffer.from(clean, 'base64').toString('utf8');
}

function badBase64At(text: string): number {
  const bad = text.search(/[^A-Za-z0-9+/]/);
  return bad < 0 ? text.length : bad;
}

function urlEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+');
}

function urlDecode(text: string): string {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/su.exec(text);
  if (bad !== null) throw new TemplateError(`invalid URL escape ${JSON.stringify(bad[0])}`);
  const pieces = text.replaceAll('+', ' ').split(/%([0-9a-fA-F]{2})/);
  return Buffer.concat(pieces.map((piece, i) => (i % 2 === 0 ? Buffer.from(piece, 'utf8') : Buffer.from(piece, 'hex')))).toString('utf8');
}

/** Functions over strings. */
export const stringFunctions: Readonly<Record<string, TemplateFunction>> = {
  ToLower: define(['string'], (text: string) => mapCase(text, false)),
  ToUpper: define(['string'], (text: string) => mapCase(text, true)),
  Replace: define(['string', 'string', 'string', 'int'], replaceTimes),
  Trim: define(['string', 'string'], (text: string, cutset: string) => trimSet(text, cutset, true, true)),
  TrimLeft: define(['string', 'string'], (text: string, cutset: string) => trimSet(text, cutset, true, false)),
  TrimRight: define(['string', 'string'], (text: string, cutset: string) => trimSet(text, cutset, false, true)),
  TrimPrefix: define(['string', 'string'], trimPrefix),
  TrimSuffix: define(['string', 'string'], trimSuffix),
  TrimSpace: define(['string'], trimSpace),
  lower: define(['string'], (text: string) => mapCase(text, false)),
  upper: define(['string'], (text: string) => mapCase(text, true)),
  title: define(['string'], title),
  trunc: define(['int', 'string'], trunc),
  substr: define(['int', 'int', 'string'], substr),
  contains: define(['string', 'string'], (part: string, text: string) => text.includes(part)),
  hasPrefix: define(['string', 'string'], (prefix: string, text: string) => text.startsWith(prefix)),
  hasSuffix: define(['string', 'string'], (suffix: string, text: string) => text.endsWith(suffix)),
  indent: define(['int', 'string'], indent),
  nindent: define(['int', 'string'], (spaces: bigint, text: string) => `\n${indent(spaces, text)}`),
  replace: define(['string', 'string', 'string'], (old: string, by: string, text: string) => limited(text, old, by)),
  repeat: define(['int', 'string'], repeat),
  trim: define(['string'], trimSpace),
  trimAll: define(['string', 'string'], (cutset: string, text: string) => trimSet(text, cutset, true, true)),
  trimSuffix: define(['string', 'string'], (suffix: string, text: string) => trimSuffix(text, suffix)),
  trimPrefix: define(['string', 'string'], (prefix: string, text: string) => trimPrefix(text, prefix)),
  alignLeft: define(['int', 'string'], (count: bigint, text: string) => align(count, text, false)),
  alignRight: define(['int', 'string'], (count: bigint, text: string) => align(count, text, true)),
  b64enc: define(['string'], (text: string) => Buffer.from(text, 'utf8').toString('base64')),
  b64dec: define(['string'], b64dec),
  urlencode: define(['string'], urlEncode),
  urldecode: define(['string'], urlDecode),
};

export { urlEncode };
