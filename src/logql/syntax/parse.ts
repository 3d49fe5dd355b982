import type { Result } from 'parsimmon';
import { SpoorError, type Matcher } from '../../model/mod.ts';
import type { Expr } from './ast.ts';
import { checkSelector } from './checks.ts';
import { parseError, parseErrorAt } from './errors.ts';
import { grammar, SyntaxFailure } from './grammar.ts';
import type { Built } from './build.ts';
import { tokenize } from './lexer.ts';
import { queryBytesMax } from './limits.ts';
import { kindCharacter, kindOrder, type Token } from './tokens.ts';

/**
 * Reads a query. Throws `parse_error` with Loki's texts and positions; also for selectors that would read every stream and for aggregations
 * that make no sense. Takes time linear in the length of the query. With `allowAll`, selectors that match every stream are allowed (ADR 010).
 */
export function parseQuery(text: string, allowAll = false): Expr {
  const built = parseText(text, allowAll);
  if (built.kind === 'invalid') throw built.error;
  if (built.kind === 'log_query' && !allowAll) checkSelector(built.matchers);
  return built;
}

/** Reads a bare selector, for labels and series: throws `matchers_only` for anything more. With `allowAll`, `{}` is allowed. */
export function parseSelector(text: string, allowAll = false): readonly Matcher[] {
  const built = parseText(text);
  if (built.kind === 'invalid') throw built.error;
  if (built.kind !== 'log_query' || built.stages.length > 0) {
    if (!allowAll && built.kind === 'log_query') checkSelector(built.matchers);
    throw new SpoorError('matchers_only');
  }
  if (!allowAll) checkSelector(built.matchers);
  return built.matchers;
}

function parseText(text: string, allowAll = false): Built {
  const bytes = Buffer.byteLength(text);
  if (bytes >= queryBytesMax) throw parseError(`input size too long (${bytes} > ${queryBytesMax})`);
  const tokens = tokenize(text);
  const kinds = tokens.map((token) => kindCharacter(token.kind)).join('');
  let result: Result<Built>;
  try {
    result = grammar(tokens, allowAll).parse(kinds);
  } catch (error) {
    // A check of a finished rule: it is told even where a token before it was bad, as in Loki, where it ends the parser at once.
    throw error instanceof SyntaxFailure ? failure(tokens, error.at, error.expected) : error;
  }
  if (result.status) {
    const error = lexerError(tokens);
    if (error !== null) throw error;
    return result.value;
  }
  throw failure(tokens, result.index.offset, result.expected);
}

/** What ends a text at token `at`: the first bad token up to there, or that one, which does not fit. */
function failure(tokens: readonly Token[], at: number, expected: readonly string[]): SpoorError {
  return lexerError(tokens.slice(0, at + 1)) ?? syntaxError(tokens[at] as Token, expected);
}

/** The error of the first token that has one. */
function lexerError(tokens: readonly Token[]): SpoorError | null {
  const error = tokens.find((token) => token.error !== null)?.error ?? null;
  return error === null ? null : parseErrorAt(error.line, error.column, error.reason);
}

/** As yacc words it; what was expected is listed where there are at most four. */
function syntaxError(token: Token, expected: readonly string[]): SpoorError {
  const names = [...new Set(expected)].sort((a, b) => kindOrder(a) - kindOrder(b));
  const list = names.length === 0 || names.length > 4 ? '' : `, expecting ${names.join(' or ')}`;
  return parseErrorAt(token.line, token.column, `syntax error: unexpected ${token.kind}${list}`);
}
