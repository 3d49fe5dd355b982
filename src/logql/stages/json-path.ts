/** A step of a path into JSON: a key, or an index of an array. */
export type JsonStep = { readonly kind: 'key'; readonly key: string } | { readonly kind: 'index'; readonly index: number };

/** What is wrong with an expression, in Loki's words. */
export class ExpressionError extends Error {}

type TokenKind = '$end' | 'DOT' | 'LSB' | 'RSB' | 'STRING' | 'FIELD' | 'INDEX' | 'KEY';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

/** Reads `a.b[0]["c d"]`. Throws ExpressionError. */
export function parseJsonPath(expression: string): readonly JsonStep[] {
  const lexer = new Lexer(expression, true);
  const steps: JsonStep[] = [];
  const key = (): void => {
    const token = lexer.take(['FIELD']);
    steps.push({ kind: 'key', key: token.text });
  };
  const bracket = (): void => {
    const token = lexer.take(['STRING', 'INDEX']);
    steps.push(token.kind === 'INDEX' ? { kind: 'index', index: Number(token.text) } : { kind: 'key', key: token.text });
    lexer.take(['RSB']);
  };
  const first = lexer.take(['LSB', 'FIELD']);
  if (first.kind === 'FIELD') steps.push({ kind: 'key', key: first.text });
  else bracket();
  for (;;) {
    const token = lexer.next();
    if (token.kind === 'DOT') key();
    else if (token.kind === 'LSB') bracket();
    else if (token.kind === '$end') break;
    else throw lexer.unexpected(token, []);
  }
  lexer.end();
  return steps;
}

/** Reads the key that an extraction of logfmt names: `a` or `"a.b"`. Throws ExpressionError. */
export function parseLogfmtKey(expression: string): string {
  const lexer = new Lexer(expression, false);
  const keys = [lexer.take(['STRING', 'KEY']).text];
  for (;;) {
    const token = lexer.next();
    if (token.kind === '$end') break;
    if (token.kind !== 'STRING') throw lexer.unexpected(token, []);
    keys.push(token.text);
  }
  lexer.end();
  // Loki accepts several texts and then looks for a key that no line has.
  return keys.length === 1 ? keys[0]! : `${keys[0]!}%!(EXTRA ${keys.slice(1).map((key) => `string=${key}`).join(', ')})`;
}

class Lexer {
  readonly #characters: readonly string[];
  readonly #json: boolean;
  #at = 0;
  #error: string | null = null;

  constructor(text: string, json: boolean) {
    this.#characters = Array.from(text);
    this.#json = json;
  }

  /** The next token, which has to be one of these. */
  take(kinds: readonly TokenKind[]): Token {
    const token = this.next();
    if (!kinds.includes(token.kind)) throw this.unexpected(token, kinds);
    return token;
  }

  unexpected(token: Token, expected: readonly TokenKind[]): ExpressionError {
    return new ExpressionError(`syntax error: unexpected ${token.kind}${expected.length > 0 ? `, expecting ${expected.join(' or ')}` : ''}`);
  }

  /** Throws what was wrong with the text where the tokens alone made sense. */
  end(): void {
    if (this.#error !== null) throw new ExpressionError(this.#error);
  }

  #fail(error: string): Token {
    this.#error = error;
    return { kind: '$end', text: '' };
  }

  next(): Token {
    let character = this.#characters[this.#at];
    while (character === ' ' || character === '\t' || character === '\n') character = this.#characters[++this.#at];
    if (character === undefined || character === '\0') return { kind: '$end', text: '' };
    if (/[a-zA-Z_]/.test(character)) {
      let text = '';
      while (/^[a-zA-Z0-9_]$/.test(this.#characters[this.#at] ?? '')) text += this.#characters[this.#at++]!;
      return { kind: this.#json ? 'FIELD' : 'KEY', text };
    }
    if (character === '"') {
      this.#at++;
      let text = '';
      for (;;) {
        const next = this.#characters[this.#at++];
        if (next === undefined || next === '\0' || next === '"' || next === ']') return { kind: 'STRING', text };
        text += next;
      }
    }
    if (this.#json) {
      if (/[0-9]/.test(character)) return this.#index();
      this.#at++;
      if (character === '.') return { kind: 'DOT', text: '' };
      if (character === '[') return { kind: 'LSB', text: '' };
      if (character === ']') return { kind: 'RSB', text: '' };
    }
    return this.#fail(`unexpected char ${character}`);
  }

  #index(): Token {
    let text = '';
    for (;;) {
      const character = this.#characters[this.#at] ?? '\0';
      if (character === '.' && text !== '') return this.#fail('cannot use float as array index');
      if (character === ' ' || character === '\t' || character === '\n' || character === ']') break;
      if (!/^[0-9]$/.test(character)) return this.#fail(`non-integer value: ${character}`);
      text += character;
      this.#at++;
    }
    if (BigInt(text) > 2n ** 63n - 1n) return this.#fail(`strconv.Atoi: parsing "${text}": value out of range`);
    return { kind: 'INDEX', text };
  }
}
