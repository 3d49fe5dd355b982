import { quoteGo } from '../model/mod.ts';

/** A name of structured metadata as clients send it, and what it becomes. */
export interface MetadataName {
  /** As sent. */
  readonly raw: Buffer;
  /** The name that is stored: `[a-zA-Z0-9_]+`. */
  readonly name: string;
  /** Length (one varint) and bytes of `name`, as encodeMetadata writes them. */
  readonly encoded: Buffer;
  /** Whether `name` differs from what was sent. */
  readonly changed: boolean;
  /** Why the name cannot be used, or ''. */
  readonly fault: string;
  /** What it means for the level: place in the list of level fields, or one of the constants below. */
  readonly levelPlace: number;
}

/** Places behind those of all level fields. */
export const severityNumberPlace = 1_000_000;
export const noLevelPlace = 1_000_001;
export const detectedLevelPlace = 1_000_002;

/**
 * The name that metadata is stored under, by the rules of OpenTelemetry's translation to Prometheus: every other character than a letter, digit or `_` becomes
 * `_`, runs of `_` become one (but `__x__` keeps its ends), and a leading digit gets `key_`. Where nothing usable is left, `fault` says so.
 */
export function metadataName(raw: Buffer, levelFields: readonly string[]): MetadataName {
  const text = raw.toString('utf8');
  const reserved = raw.length >= 4 && text.startsWith('__') && text.endsWith('__');
  const core = (reserved ? text.slice(2, -2) : text).replaceAll(/[^a-zA-Z0-9]+/g, '_');
  let name = reserved ? `__${core}__` : core;
  if (/^[0-9]/.test(name)) name = `key_${name}`;
  let fault = '';
  if (raw.length === 0) fault = 'label name is empty';
  else if (/^_*$/.test(name)) fault = `normalization for label name ${quoteGo(text)} resulted in invalid name ${quoteGo(name)}`;
  const length = name.length;
  const head = length < 128 ? [length] : length < 16_384 ? [(length & 0x7f) | 0x80, length >> 7] : [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
  return { raw, name, encoded: Buffer.concat([Buffer.from(head), Buffer.from(name)]), changed: name !== text, fault, levelPlace: levelPlaceOf(name, levelFields) };
}

function levelPlaceOf(name: string, levelFields: readonly string[]): number {
  if (name === 'detected_level') return detectedLevelPlace;
  const place = levelFields.indexOf(name);
  if (place >= 0) return place;
  return name === 'severity_number' ? severityNumberPlace : noLevelPlace;
}
