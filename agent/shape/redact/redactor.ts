import { decodeMetadata, encodeMetadata } from '../../../src/bytes/mod.ts';
import type { LineView } from '../../join/line.ts';
import { AnchoredRedaction, type Detector } from './anchors.ts';
import { bearerDetector } from './bearer.ts';
import { CardRedaction } from './card.ts';
import { EmailRedaction } from './email.ts';
import { IpRedaction } from './ip.ts';
import { jwtDetector } from './jwt.ts';
import { keyDetector } from './keys.ts';
import { namedSecretDetector, secretName } from './named-secret.ts';
import { PatternRedaction, type PatternOptions } from './pattern.ts';
import { privateKeyDetector } from './private-key.ts';
import { redactedText, Rewriter, type Redaction } from './rewriter.ts';
import { urlPasswordDetector } from './url-password.ts';

/** What is built in, by the names that settings use. */
const detectors = {
  // In this order at the same place.
  private_key: privateKeyDetector, bearer: bearerDetector, jwt: jwtDetector, keys: keyDetector, url_password: urlPasswordDetector, passwords: namedSecretDetector,
} as const satisfies Readonly<Record<string, Detector>>;
const others = { card: () => new CardRedaction(), email: () => new EmailRedaction(), ip: () => new IpRedaction() } as const satisfies Readonly<Record<string, () => Redaction>>;

export type BuiltinRedaction = keyof typeof detectors | keyof typeof others;
export const builtinRedactions = [...Object.keys(detectors), ...Object.keys(others)] as BuiltinRedaction[];

/**
 * What is on without being asked for: secrets that are known by marks of their own. They are found in one pass that costs little (docs/performance-agent.md) and hardly ever hit anything else.
 * Card numbers, addresses and IPs are known by their shape alone, which order numbers and versions have, too, so they have to be asked for.
 */
export const defaultRedactions: readonly BuiltinRedaction[] = Object.keys(detectors) as BuiltinRedaction[];

export interface RedactOptions {
  readonly builtin: readonly BuiltinRedaction[];
  readonly patterns: readonly PatternOptions[];
}

/** Replaces secrets in lines and metadata. One serves all containers that have the same options. What it does follows from the text alone. */
export class Redactor {
  readonly #redactions: readonly Redaction[];
  readonly #names: boolean;
  readonly #line: Rewriter;
  readonly #value: Rewriter;
  readonly #count: (kind: string) => void;

  /** Throws RegexSyntaxError. @param count told the kind of each text that is replaced */
  constructor(options: RedactOptions, count: (kind: string) => void) {
    const anchored = (Object.keys(detectors) as (keyof typeof detectors)[]).filter((name) => options.builtin.includes(name)).map((name) => detectors[name]);
    this.#names = options.builtin.includes('passwords');
    this.#redactions = [
      ...(anchored.length === 0 ? [] : [new AnchoredRedaction(anchored)]),
      ...(Object.keys(others) as (keyof typeof others)[]).filter((name) => options.builtin.includes(name)).map((name) => others[name]()),
      ...options.patterns.map((pattern) => new PatternRedaction(pattern)),
    ];
    this.#line = new Rewriter(count);
    this.#value = new Rewriter(count);
    this.#count = count;
  }

  get active(): boolean {
    return this.#redactions.length > 0;
  }

  /** Redacts a line and its metadata in place; what it points to then is valid until the next call. */
  redact(line: LineView): void {
    if (this.#line.run(this.#redactions, line.bytes, line.start, line.end)) {
      line.bytes = this.#line.bytes;
      line.start = this.#line.start;
      line.end = this.#line.end;
    }
    if (line.metadata !== null) line.metadata = this.#metadata(line.metadata);
  }

  /** Values one by one, and whole where the name says that they are secret. The same object where nothing is found. */
  #metadata(metadata: Uint8Array): Uint8Array {
    let changed = false;
    const pairs = decodeMetadata(metadata, 0, metadata.length).map((pair) => {
      const kind = this.#names ? secretName(pair.name) : null;
      if (kind !== null && pair.value !== '' && !pair.value.startsWith('[redacted')) {
        changed = true;
        this.#count(kind);
        return { name: pair.name, value: redactedText(kind).toString() };
      }
      const bytes = Buffer.from(pair.value);
      if (!this.#value.run(this.#redactions, bytes, 0, bytes.length)) return pair;
      changed = true;
      return { name: pair.name, value: this.#value.bytes.toString('utf8', this.#value.start, this.#value.end) };
    });
    return changed ? encodeMetadata(pairs) : metadata;
  }
}
