/**
 * The kinds of tokens, in the order of Loki's token numbers (its error texts list what was expected in that order), with the names that
 * errors show. Each kind is one character to the grammar: see kindCharacter.
 */
export const tokenKinds = [
  'BYTES', 'IDENTIFIER', 'STRING', 'NUMBER', 'FUNCTION_FLAG', 'DURATION', 'RANGE', '=', '=~', '!~', '!>', '{', '}', '[', ']', ',', '.', '|~', '|=', '|>',
  '(', ')', 'by', 'without', 'COUNT_OVER_TIME', 'RATE', 'RATE_COUNTER', 'SUM', 'SORT', 'SORT_DESC', 'AVG', 'MAX', 'MIN', 'COUNT', 'STDDEV', 'STDVAR', 'BOTTOMK',
  'TOPK', 'APPROX_TOPK', 'BYTES_OVER_TIME', 'BYTES_RATE', 'bool', 'json', 'regexp', 'logfmt', '|', 'line_format', 'label_format', 'unwrap', 'AVG_OVER_TIME',
  'SUM_OVER_TIME', 'MIN_OVER_TIME', 'MAX_OVER_TIME', 'STDVAR_OVER_TIME', 'STDDEV_OVER_TIME', 'QUANTILE_OVER_TIME', 'BYTES_CONV', 'DURATION_CONV',
  'DURATION_SECONDS_CONV', 'FIRST_OVER_TIME', 'LAST_OVER_TIME', 'ABSENT_OVER_TIME', 'VECTOR', 'label_replace', 'unpack', 'offset', 'pattern', 'ip', 'on', 'ignoring',
  'group_left', 'group_right', 'decolorize', 'drop', 'keep', 'or', 'and', 'unless', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', '^', '$end',
] as const;

/** What a token is. */
export type TokenKind = (typeof tokenKinds)[number];

/** What a lexer says of a token, and where. */
export interface TokenError {
  readonly reason: string;
  readonly line: number;
  readonly column: number;
}

/** One token. `line` and `column` count characters from 1, as Loki's errors show them (see Lexer). */
export interface Token {
  readonly kind: TokenKind;
  /** As written; of a STRING what the literal means. */
  readonly text: string;
  /** Nanoseconds of a DURATION or RANGE, bytes of a BYTES. */
  readonly value: bigint;
  readonly line: number;
  readonly column: number;
  /** What is wrong with the token itself, or with a comment before it. */
  readonly error: TokenError | null;
}

const numberOfKind: ReadonlyMap<string, number> = new Map(tokenKinds.map((kind, i) => [kind, i]));

/** The character that stands for a kind in the text that the grammar parses. */
export function kindCharacter(kind: TokenKind): string {
  return String.fromCharCode(0xe000 + (numberOfKind.get(kind) ?? 0));
}

/** Where Loki lists `kind` among what it expected. */
export function kindOrder(kind: string): number {
  return numberOfKind.get(kind) ?? tokenKinds.length;
}

/** Words and signs that are tokens wherever they stand. Words in any case. */
export const wordTokens: ReadonlyMap<string, TokenKind> = new Map(
  ([
    ',', '.', '{', '}', '=', '!=', '=~', '!~', '!>', '|=', '|~', '|>', '|', 'unwrap', '(', ')', 'by', 'without', 'bool', '[', ']', 'label_replace', 'offset', 'on',
    'ignoring', 'group_left', 'group_right', 'or', 'and', 'unless', '+', '-', '*', '/', '%', '^', '==', '>', '>=', '<', '<=', 'json', 'regexp', 'logfmt', 'unpack',
    'pattern', 'label_format', 'line_format', 'ip', 'decolorize', 'drop', 'keep',
  ] as const).map((word) => [word, word]),
);

/** Words that are tokens only where `(`, or `by (`, or `without (` follows; else they are identifiers. */
export const functionTokens: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ...(
    [
      'COUNT_OVER_TIME', 'RATE', 'RATE_COUNTER', 'BYTES_RATE', 'BYTES_OVER_TIME', 'AVG_OVER_TIME', 'SUM_OVER_TIME', 'MIN_OVER_TIME', 'MAX_OVER_TIME', 'STDVAR_OVER_TIME',
      'STDDEV_OVER_TIME', 'QUANTILE_OVER_TIME', 'FIRST_OVER_TIME', 'LAST_OVER_TIME', 'ABSENT_OVER_TIME', 'VECTOR', 'SUM', 'AVG', 'MAX', 'MIN', 'COUNT', 'STDDEV', 'STDVAR',
      'BOTTOMK', 'TOPK', 'SORT', 'SORT_DESC', 'APPROX_TOPK',
    ] as const
  ).map((kind) => [kind.toLowerCase(), kind] as const),
  ['label_replace', 'label_replace'],
  ['ip', 'ip'],
  ['bytes', 'BYTES_CONV'],
  ['duration', 'DURATION_CONV'],
  ['duration_seconds', 'DURATION_SECONDS_CONV'],
]);
