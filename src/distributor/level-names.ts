/** Normal forms of levels and what is written for them, lower case. */
const levelWords: ReadonlyMap<string, string> = new Map([
  ['trace', 'trace'], ['trc', 'trace'],
  ['debug', 'debug'], ['dbg', 'debug'],
  ['info', 'info'], ['inf', 'info'], ['information', 'info'],
  ['warn', 'warn'], ['wrn', 'warn'], ['warning', 'warn'],
  ['error', 'error'], ['err', 'error'],
  ['critical', 'critical'],
  ['fatal', 'fatal'],
]);

const longestWord = 11;

/** The normal form of a level that a client names; anything unknown stays as it is. */
export function normalLevel(text: string): string {
  return knownLevel(text) ?? text;
}

/** The normal form of a known level in any case; undefined for other texts. */
export function knownLevel(text: string): string | undefined {
  return text.length > longestWord ? undefined : levelWords.get(text.toLowerCase());
}

/** {@link knownLevel} of bytes[start … end). */
export function knownLevelOf(bytes: Buffer, start: number, end: number): string | undefined {
  const length = end - start;
  if (length < 3 || length > longestWord) return undefined;
  for (const word of wordsByLength[length]!) if (isWordAt(bytes, start, word.bytes)) return word.level;
  return undefined;
}

interface LevelWord {
  readonly bytes: Uint8Array;
  readonly level: string;
}

const wordsByLength: readonly (readonly LevelWord[])[] = Array.from({ length: longestWord + 1 }, (_, length) =>
  [...levelWords].filter(([word]) => word.length === length).map(([word, level]) => ({ bytes: Buffer.from(word), level })));

/** Whether the ASCII letters `word` (lower case) stand at `at` in any case. */
export function isWordAt(bytes: Buffer, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if ((bytes[at + i]! | 0x20) !== word[i]) return false;
  return true;
}

/** The level of an OpenTelemetry severity number as a client writes it: 1–4 trace … 21–24 fatal, 0 and more than 24 unknown, no number info. */
export function levelOfSeverityNumber(text: string): string {
  if (!/^[+-]?[0-9]+$/.test(text)) return 'info';
  const severity = Number(text);
  if (Math.abs(severity) >= 2 ** 63) return 'info';
  if (severity === 0 || severity > 24) return 'unknown';
  return severityLevels[Math.max(0, Math.ceil(severity / 4) - 1)]!;
}

const severityLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
