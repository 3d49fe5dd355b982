import { randomNumbers } from '../../../support/random.ts';
import { Dice } from './dice.ts';

/** Logs that are mostly text: messages of many words, stack traces, JSON objects and logfmt with long messages. */

const common =
  'the to of and in a is for that was with on not from by request failed after retry connection server error user session timeout while reading response upstream could be handled because queue is full waiting lock order payment cache entry expired updating customer account database transaction rolled back due constraint violation message delivered partition offset consumer group rebalance started finished snapshot leader election scheduled job skipped since previous run still active memory pressure evicting pages certificate will expire renewing token refresh rejected invalid signature unable resolve host name lookup returned empty result falling back default region replica lag exceeds threshold throttling writes circuit breaker open half closed probing health check passed'.split(' ');

const onsets = ['b', 'br', 'c', 'ch', 'd', 'dr', 'f', 'fl', 'g', 'gr', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'pl', 'qu', 'r', 's', 'sh', 'st', 't', 'tr', 'v', 'w', 'z', ''];
const vowels = ['a', 'e', 'i', 'o', 'u', 'ai', 'ea', 'ie', 'ou', 'oo'];
const codas = ['', '', '', 'n', 'r', 's', 't', 'l', 'm', 'nd', 'st', 'ck', 'ng', 'x'];

export class TextLogs {
  readonly dice: Dice;
  readonly #words: readonly string[];

  /** `vocabulary`: words that are made up, besides common ones; they are the rarer the higher their rank. */
  constructor(seed: number, vocabulary = 20_000) {
    this.dice = new Dice(randomNumbers(seed));
    this.#words = [...common, ...Array.from({ length: vocabulary }, () => this.madeUp(2 + this.dice.below(3)))];
  }

  /** A word that nobody knows. */
  madeUp(syllables: number): string {
    return Array.from({ length: syllables }, () => this.dice.pick(onsets) + this.dice.pick(vowels) + this.dice.pick(codas)).join('');
  }

  word(): string {
    // Rank by a power of a random number: few words make most of the text.
    return this.#words[Math.floor(this.#words.length * this.dice.next() ** 4)] as string;
  }

  sentence(words: number): string {
    return Array.from({ length: words }, () => (this.dice.below(14) === 0 ? String(this.dice.below(100_000)) : this.word())).join(' ');
  }

  /** A name as programs have them: `OrderQueueHandler`. */
  name(): string {
    return Array.from({ length: 2 + this.dice.below(2) }, () => this.#words[this.dice.below(600)] as string).map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  }

  stackTrace(): string {
    const frames = Array.from({ length: 4 + this.dice.below(16) }, () => {
      const name = this.name();
      return `\tat com.example.${this.#words[this.dice.below(100)]}.${name}.${this.#words[this.dice.below(200)]}(${name}.java:${this.dice.below(900)})`;
    });
    return `java.lang.${this.dice.pick(['IllegalStateException', 'RuntimeException', 'NullPointerException'])}: ${this.sentence(6 + this.dice.below(10))}\n${frames.join('\n')}`;
  }

  /** A line; most have between 100 bytes and a kilobyte. `extra` stands inside its message. */
  line(kind: number, extra = ''): string {
    const text = `${this.sentence(4 + this.dice.below(14))}${extra === '' ? '' : ` ${extra}`} ${this.sentence(4 + this.dice.below(12))}`;
    const level = this.dice.pick(['INFO', 'INFO', 'INFO', 'WARN', 'ERROR']);
    switch (kind % 4) {
      case 0:
        return `${level} [worker-${this.dice.below(16)}] ${text}`;
      case 1:
        return `${level} ${text}\n${this.stackTrace()}`;
      case 2:
        return JSON.stringify({ level: level.toLowerCase(), logger: `com.example.${this.name()}`, message: text, request_id: this.dice.hex(32), took_ms: this.dice.below(5000) });
      default:
        return `level=${level.toLowerCase()} caller=${this.#words[this.dice.below(300)]}.go:${this.dice.below(500)} msg="${text}" err="${this.dice.below(3) === 0 ? this.sentence(8) : ''}" bytes=${this.dice.below(1e6)}`;
    }
  }
}
