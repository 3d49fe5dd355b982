/** The levels that lines are told apart by, lowest first; the names are those of the server's `detected_level`. */
export const levelNames = ['trace', 'debug', 'info', 'warn', 'error', 'critical', 'fatal'] as const;
export type LevelName = (typeof levelNames)[number];

/** What programs write for them, lower case. */
const words: readonly (readonly [LevelName, string])[] = [
  ['trace', 'trace trc finest finer verbose silly'],
  ['debug', 'debug dbg fine dbug'],
  ['info', 'info inf information informational notice config log'],
  ['warn', 'warn wrn warning'],
  ['error', 'error err eror severe'],
  ['critical', 'critical crit alert dpanic'],
  ['fatal', 'fatal ftl emerg emergency panic'],
];

const wordBytesMax = 13;
const byHash = new Map<number, { readonly bytes: Buffer; readonly level: LevelName }[]>();
for (const [level, list] of words) {
  for (const word of list.split(' ')) {
    const bytes = Buffer.from(word);
    const hash = foldedHash(bytes, 0, bytes.length);
    byHash.set(hash, [...(byHash.get(hash) ?? []), { bytes, level }]);
  }
}

/** The field names that a level is looked for under, best first. */
export const levelFields: readonly string[] = [
  'level', 'LEVEL', 'Level', 'log.level', 'lvl', 'LVL', 'Lvl', 'severity', 'SEVERITY', 'Severity', 'severity_text', 'severityText', 'SeverityText', 'Severity_Text', 'SEVERITY_TEXT',
  'loglevel', 'logLevel', 'log_level', 'levelname', 'level_name', '@l', '@level', 'levelno', 'severity_number', 'severityNumber', 'SeverityNumber', 'PRIORITY', 'priority',
];

/** The level that the word bytes[start … end) names, in any case; null where it names none. */
export function levelOfWord(bytes: Uint8Array, start: number, end: number): LevelName | null {
  const length = end - start;
  if (length < 3 || length > wordBytesMax) return null;
  const candidates = byHash.get(foldedHash(bytes, start, end));
  if (candidates === undefined) return null;
  for (const { bytes: word, level } of candidates) {
    if (word.length !== length) continue;
    let i = 0;
    while (i < length && ((bytes[start + i] as number) | 0x20) === word[i]) i++;
    if (i === length) return level;
  }
  return null;
}

function foldedHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + ((bytes[at] as number) | 0x20)) | 0;
  return hash;
}

/** How numbers under a name are read. */
export type LevelScale = 'usual' | 'otel' | 'python' | 'syslog';

/** The scale of numbers under a field name. */
export function scaleOf(field: string): LevelScale {
  if (/severity_?number$/i.test(field)) return 'otel';
  if (/levelno$/i.test(field)) return 'python';
  return /^priority$/i.test(field) || /^syslog/i.test(field) ? 'syslog' : 'usual';
}

const otel: readonly LevelName[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const syslog: readonly LevelName[] = ['fatal', 'critical', 'critical', 'error', 'warn', 'info', 'info', 'debug'];

/**
 * The level that a value stands for: a word, a single letter (`E`), or a number: OpenTelemetry's 1 … 24, Python's 10 … 50, syslog's 0 … 7, and where the name says nothing, bunyan's and pino's 10 … 60, and
 * 0 … 7 as syslog's (GELF). Null where it is none.
 */
export function levelOfValue(bytes: Uint8Array, start: number, end: number, scale: LevelScale): LevelName | null {
  const length = end - start;
  const first = bytes[start] as number;
  if (length === 0) return null;
  if (first >= 0x30 && first <= 0x39) return length > 3 ? null : levelOfNumber(bytes, start, end, scale);
  if (length === 1) return levelOfLetter(first);
  return levelOfWord(bytes, start, end);
}

function levelOfNumber(bytes: Uint8Array, start: number, end: number, scale: LevelScale): LevelName | null {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  if (scale === 'otel') return value === 0 || value > 24 ? null : (otel[Math.ceil(value / 4) - 1] ?? null);
  if (scale === 'python') return value < 10 ? 'trace' : (levelNames[Math.min(5, Math.floor(value / 10))] ?? null);
  if (scale === 'syslog' || value < 8) return syslog[value] ?? null;
  return value < 10 ? null : (otel[Math.min(5, Math.floor(value / 10) - 1)] ?? null);
}

function levelOfLetter(byte: number): LevelName | null {
  switch (byte | 0x20) {
    case 0x74: return 'trace';
    case 0x64: return 'debug';
    case 0x69: return 'info';
    case 0x77: return 'warn';
    case 0x65: return 'error';
    case 0x63: return 'critical';
    case 0x66: return 'fatal';
    default: return null;
  }
}

/** Bytes of a plain line that a level is looked for in. */
const textBytesMax = 192;

/**
 * The level in a plain line: of klog and glog (`E0102 …`) and syslog (`<3>`) at the beginning, of `level=…`, else of the first word in capitals, or in brackets in any case, that
 * names one (`[error]`, `|WARN|`). Words in the text of the message do not count.
 */
export function levelOfText(bytes: Uint8Array, start: number, lineEnd: number): LevelName | null {
  const end = Math.min(lineEnd, start + textBytesMax);
  const first = bytes[start] as number;
  if (end - start > 5 && digits(bytes, start + 1, 4) && (bytes[start + 5] === 0x20)) {
    const level = first === 0x49 ? 'info' : first === 0x57 ? 'warn' : first === 0x45 ? 'error' : first === 0x46 ? 'fatal' : null;
    if (level !== null) return level;
  }
  if (first === 0x3c && end - start > 2) {
    const close = bytes[start + 2] === 0x3e ? start + 2 : bytes[start + 3] === 0x3e ? start + 3 : bytes[start + 4] === 0x3e ? start + 4 : -1;
    if (close > 0) {
      let priority = 0;
      for (let at = start + 1; at < close; at++) priority = priority * 10 + (bytes[at] as number) - 0x30;
      if (priority >= 0 && priority < 192) return syslog[priority % 8] ?? null;
    }
  }
  for (let at = start; at < end; at++) {
    const kind = letter[bytes[at] as number] as number;
    if (kind === 0) continue;
    const wordStart = at;
    let capitals = true;
    let wordKind = kind;
    while (wordKind !== 0 && at < end) {
      if (wordKind === 2) capitals = false;
      at++;
      wordKind = at < end ? (letter[bytes[at] as number] as number) : 0;
    }
    const length = at - wordStart;
    if (length < 3 || length > wordBytesMax) continue;
    const before = wordStart === start ? 0x20 : (bytes[wordStart - 1] as number);
    const after = at < lineEnd ? (bytes[at] as number) : 0x20;
    const bracketed = (before === 0x5b && after === 0x5d) || (before === 0x7c && after === 0x7c) || (before === 0x28 && after === 0x29) || (before === 0x3c && after === 0x3e);
    // `level=info`, `lvl: warn`, `"severity":"ERROR"`.
    const named = before === 0x3d || ((before === 0x20 || before === 0x22) && wordStart - start > 4 && isLevelKeyBefore(bytes, start, wordStart));
    if (!bracketed && !named && (!capitals || isInName(before) || isInName(after))) continue;
    if (before === 0x3d && !isLevelKeyBefore(bytes, start, wordStart)) continue;
    const level = levelOfWord(bytes, wordStart, at);
    if (level !== null) return level;
  }
  return null;
}

/** 1 capital letter, 2 small letter. */
const letter = new Uint8Array(256);
for (let i = 0; i < 26; i++) {
  letter[0x41 + i] = 1;
  letter[0x61 + i] = 2;
}

/** Bytes that make a word a part of a longer name: digits, `_`, `-`, `/`, `=`, `.`. */
function isInName(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x5f || byte === 0x2d || byte === 0x2f || byte === 0x3d;
}

function digits(bytes: Uint8Array, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) if (!((bytes[i] as number) >= 0x30 && (bytes[i] as number) <= 0x39)) return false;
  return true;
}

const levelKeys = ['level', 'lvl', 'severity', 'loglevel'].map((key) => Buffer.from(key));

/** Whether `level`, `lvl` or `severity` and `=` or `:` stand right before `at`. */
function isLevelKeyBefore(bytes: Uint8Array, start: number, at: number): boolean {
  let end = at;
  while (end > start && (bytes[end - 1] === 0x20 || bytes[end - 1] === 0x22)) end--;
  if (end <= start || (bytes[end - 1] !== 0x3d && bytes[end - 1] !== 0x3a)) return false;
  end--;
  if (end > start && bytes[end - 1] === 0x22) end--;
  return levelKeys.some((key) => {
    if (end - start < key.length) return false;
    for (let i = 0; i < key.length; i++) if (((bytes[end - key.length + i] as number) | 0x20) !== key[i]) return false;
    return true;
  });
}
