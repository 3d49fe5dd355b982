/** The field names that a trace ID is looked for under, best first. */
export const traceFields: readonly string[] = [
  'trace_id', 'traceId', 'TraceId', 'traceID', 'TraceID', 'traceid', 'trace-id', 'trace.id', 'otelTraceID', 'otel.trace_id', 'dd.trace_id', 'traceparent', 'Traceparent', 'TraceParent',
  'b3', 'B3', 'X-B3-TraceId', 'x-b3-traceid', 'x_b3_traceid', 'X-B3-Traceid', 'X-Amzn-Trace-Id', 'x-amzn-trace-id', 'x_amzn_trace_id', 'xray_trace_id', 'xrayTraceId', 'uber-trace-id',
  'logging.googleapis.com/trace', 'mdc.trace_id', 'mdc.traceId', 'contextMap.traceId', 'contextMap.trace_id', 'context.trace_id', 'context.traceId', 'span_context.trace_id', 'spanContext.traceId',
  'span.trace_id', 'attributes.trace_id', 'attributes.traceId', 'headers.traceparent', 'http.request.headers.traceparent', '@tr',
];

const dash = 0x2d;
const hexDigit = new Uint8Array(256);
for (const character of '0123456789abcdefABCDEF') hexDigit[character.charCodeAt(0)] = 1;

/** Longest value that is looked at. */
const valueBytesMax = 512;

/**
 * The trace ID in the value of a field that is named as one, in lower case: 32 hex digits, a UUID (its dashes go), 16 hex digits (as they are), W3C `traceparent`, B3 in one header, X-Ray
 * (`Root=1-5759e988-bd862e3fe1be46a994272793` → its 32 digits), Jaeger's `uber-trace-id`, Google's `projects/…/traces/…`, Datadog's decimal number (as it is). Null where it is none
 * of these or all zeros.
 */
export function traceOfValue(bytes: Buffer, from: number, to: number): string | null {
  let start = from;
  let end = to;
  while (start < end && isPadding(bytes[start] as number)) start++;
  while (end > start && isPadding(bytes[end - 1] as number)) end--;
  const length = end - start;
  if (length < 10 || length > valueBytesMax) return null;
  const run = hexRun(bytes, start, end);
  if (run === length) return hexId(bytes, start, length);
  const after = bytes[start + run];
  if (run === 2 && after === dash && hexRun(bytes, start + 3, end) === 32 && bytes[start + 35] === dash && hexRun(bytes, start + 36, end) === 16) return hexId(bytes, start + 3, 32);
  if ((run === 32 || run === 16) && after === dash && hexRun(bytes, start + run + 1, end) === 16) return hexId(bytes, start, run);
  if (run === 8 && length === 36 && after === dash) return uuid(bytes, start);
  if (run > 0 && run <= 32 && after === 0x3a) return hexId(bytes, start, run);
  const root = rootAt(bytes, start, end);
  if (root >= 0) return xray(bytes, root, end);
  if (end - start > 40 && bytes[start] === 0x70 && hexRun(bytes, end - 32, end) === 32 && bytes[end - 33] === 0x2f) return hexId(bytes, end - 32, 32);
  return null;
}

/** Digits of hex from `start` on. */
function hexRun(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && hexDigit[bytes[at] as number] === 1) at++;
  return at - start;
}

/** 16 or 32 hex digits, or a decimal number of up to 20, in lower case; null where they are all zeros or of another length. */
function hexId(bytes: Buffer, start: number, length: number): string | null {
  let zero = true;
  let capital = false;
  let decimal = true;
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at] as number;
    if (byte !== 0x30) zero = false;
    if (byte > 0x39) {
      decimal = false;
      if (byte < 0x61) capital = true;
    }
  }
  if (zero || (length !== 32 && length !== 16 && !(decimal && length >= 10 && length <= 20))) return null;
  const text = bytes.toString('latin1', start, start + length);
  return capital ? text.toLowerCase() : text;
}

function uuid(bytes: Buffer, start: number): string | null {
  const text = bytes.toString('latin1', start, start + 36);
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) && /[1-9a-f]/i.test(text) ? text.replaceAll('-', '').toLowerCase() : null;
}

/** `1-<8 hex>-<24 hex>` at `start`. */
function xray(bytes: Buffer, start: number, end: number): string | null {
  if (end - start < 35 || bytes[start] !== 0x31 || bytes[start + 1] !== dash || bytes[start + 10] !== dash) return null;
  if (hexRun(bytes, start + 2, end) !== 8 || hexRun(bytes, start + 11, end) !== 24) return null;
  return (bytes.toString('latin1', start + 2, start + 10) + bytes.toString('latin1', start + 11, start + 35)).toLowerCase();
}

/** Where the ID behind `Root=` stands in the value of an X-Ray header, or the value's start where it is the ID alone; -1 where it is neither. */
function rootAt(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] === 0x31 && bytes[start + 1] === dash) return start;
  for (let at = start; at + 40 <= end; at++) if (isRoot(bytes, at)) return at + 5;
  return -1;
}

function isRoot(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0x52 && bytes[at + 1] === 0x6f && bytes[at + 2] === 0x6f && bytes[at + 3] === 0x74 && bytes[at + 4] === 0x3d;
}

function isPadding(byte: number): boolean {
  return byte === 0x20 || byte === 0x22 || byte === 0x27;
}

/** How far `race` (any case) may be from a place whose byte is …; 0 where it ends there. */
const raceShift = new Uint8Array(256).fill(4);
for (const [character, shift] of [['r', 3], ['a', 2], ['c', 1], ['e', 0]] as const) {
  raceShift[character.charCodeAt(0)] = shift;
  raceShift[character.toUpperCase().charCodeAt(0)] = shift;
}
/** The same for `Root=`. */
const rootShift = new Uint8Array(256).fill(5);
for (const [character, shift] of [['R', 4], ['o', 2], ['t', 1], ['=', 0]] as const) rootShift[character.charCodeAt(0)] = shift;

/** Bytes of a line that are searched. */
const textBytesMax = 16 * 1024;

/**
 * The trace ID in a text: behind a key with `trace` in it (`trace_id=…`, `"traceId":"…"`, `traceparent: …`, `X-B3-TraceId: …`), X-Ray's `Root=1-…`, and a bare
 * `<32 hex>-<16 hex>` or `<32 hex>,<16 hex>` as traceparent, B3 and Spring have it. Null where there is none.
 */
export function traceOfText(bytes: Buffer, start: number, lineEnd: number): string | null {
  const end = Math.min(lineEnd, start + textBytesMax);
  if (end - start < 20) return null;
  for (let at = start + 4; at < end; ) {
    const shift = raceShift[bytes[at] as number] as number;
    if (shift > 0) {
      at += shift;
      continue;
    }
    if (isTrace(bytes, at)) {
      const found = keyed(bytes, at + 1, end);
      if (found !== null) return found;
    }
    at++;
  }
  for (let at = start + 4; at < end - 35; ) {
    const shift = rootShift[bytes[at] as number] as number;
    if (shift > 0) {
      at += shift;
      continue;
    }
    if (isRoot(bytes, at - 4)) {
      const found = xray(bytes, at + 1, end);
      if (found !== null) return found;
    }
    at++;
  }
  return bare(bytes, start, end);
}

function isTrace(bytes: Buffer, end: number): boolean {
  return ((bytes[end - 1] as number) | 0x20) === 0x63 && ((bytes[end - 2] as number) | 0x20) === 0x61 && ((bytes[end - 3] as number) | 0x20) === 0x72 && ((bytes[end - 4] as number) | 0x20) === 0x74;
}

/** The ID behind `trace`: the rest of the key (`_id`, `ID`, `-Id`, `parent`, `.id`), separators, and a value. */
function keyed(bytes: Buffer, from: number, end: number): string | null {
  let at = from;
  const keyEnd = Math.min(end, at + 8);
  while (at < keyEnd && isKeyRest(bytes[at] as number)) at++;
  const separators = at;
  while (at < end && at - separators < 6 && isSeparator(bytes[at] as number)) at++;
  if (at === separators) return null;
  let valueEnd = at;
  const stop = Math.min(end, at + valueBytesMax);
  while (valueEnd < stop && !isValueEnd(bytes[valueEnd] as number)) valueEnd++;
  return traceOfValue(bytes, at, valueEnd);
}

function isKeyRest(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a ? true : byte === 0x5f || byte === 0x2d || byte === 0x2e;
}

/** Blanks, quotes, a backslash (JSON in JSON), colon, equals, opening bracket. */
function isSeparator(byte: number): boolean {
  return byte === 0x20 || byte === 0x22 || byte === 0x27 || byte === 0x5c || byte === 0x3a || byte === 0x3d || byte === 0x5b;
}

/** What ends a value; `;` and `=` do not, because X-Ray's header has them. */
function isValueEnd(byte: number): boolean {
  return byte <= 0x20 || byte === 0x22 || byte === 0x27 || byte === 0x2c || byte === 0x5c || byte === 0x5d || byte === 0x7d || byte === 0x29 || byte === 0x26 || byte === 0x7c;
}

/** `<32 hex>-<16 hex>` (traceparent, B3, Spring Boot) or `<32 hex>,<16 hex>` (Spring Cloud Sleuth), not a part of a longer run. Every sixteenth byte is looked at: a run of 32 cannot be missed. */
function bare(bytes: Buffer, start: number, end: number): string | null {
  for (let at = start + 15; at < end - 17; at += 16) {
    if (hexDigit[bytes[at] as number] === 0) continue;
    let from = at;
    while (from > start && hexDigit[bytes[from - 1] as number] === 1 && at - from < 32) from--;
    const run = hexRun(bytes, from, Math.min(end, from + 33));
    if (run === 32 && (bytes[from + 32] === dash || bytes[from + 32] === 0x2c) && (from === start || hexDigit[bytes[from - 1] as number] === 0)) {
      const span = hexRun(bytes, from + 33, Math.min(end, from + 50));
      if (span === 16) return hexId(bytes, from, 32);
    }
    at = Math.max(at, from + run - 1);
  }
  return null;
}
