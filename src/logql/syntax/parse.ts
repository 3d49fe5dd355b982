import type { Result } from 'parsimmon';
import { SpoorError, type Matcher } from '../../model/mod.ts';
import type { Expr, MetricExpr } from './ast.ts';
import { checkSelector } from './checks.ts';
import { parseError, parseErrorAt } from './errors.ts';
import { grammar } from './grammar.ts';
import type { Built } from './build.ts';
import { tokenize } from './lexer.ts';
import { queryBytesMax } from './limits.ts';
import { visitExpr, type ExprVisitor } from './visit.ts';
import { kindCharacter, kindOrder, type Token } from './tokens.ts';

/**
 * Reads a query. Throws `parse_error` with Loki's texts and positions; also for selectors that would read every stream and for aggregations
 * that make no sense. Takes time linear in the length of the query.
 */
export function parseQuery(text: string): Expr {
  const built = parseText(text);
  if (built.kind === 'invalid') throw built.error;
  checkExpr(built);
  return built;
}

/** Reads a bare selector, for labels and series: throws `matchers_only` for anything more. With `allowAll`, `{}` is allowed. */
export function parseSelector(text: string, allowAll = false): readonly Matcher[] {
  const built = parseText(text);
  if (built.kind === 'invalid') throw built.error;
  if (built.kind !== 'log_query' || built.stages.length > 0) {
    if (!allowAll) checkExpr(built);
    throw new SpoorError('matchers_only');
  }
  if (!allowAll) checkSelector(built.matchers);
  return built.matchers;
}

function parseText(text: string): Built {
  const bytes = Buffer.byteLength(text);
  if (bytes >= queryBytesMax) throw parseError(`input size too long (${bytes} > ${queryBytesMax})`);
  const tokens = tokenize(text);
  const kinds = tokens.map((token) => kindCharacter(token.kind)).join('');
  let result: Result<Built>;
  try {
    result = grammar(tokens).parse(kinds);
  } catch (error) {
    // A check of a finished rule. It is told unless a token before it was bad.
    throw lexerError(tokens) ?? error;
  }
  if (result.status) {
    const error = lexerError(tokens);
    if (error !== null) throw error;
    return result.value;
  }
  const at = result.index.offset;
  throw lexerError(tokens.slice(0, at + 1)) ?? syntaxError(tokens[at] as Token, result.expected);
}

/** The error of the first token that has one. */
function lexerError(tokens: readonly Token[]): SpoorError | null {
  const bad = tokens.find((token) => token.error !== null);
  return bad === undefined ? null : parseErrorAt(bad.line, bad.column, bad.error ?? '');
}

/** As yacc words it; what was expected is listed where there are at most four. */
function syntaxError(token: Token, expected: readonly string[]): SpoorError {
  const names = [...new Set(expected)].sort((a, b) => kindOrder(a) - kindOrder(b));
  const list = names.length === 0 || names.length > 4 ? '' : `, expecting ${names.join(' or ')}`;
  return parseErrorAt(token.line, token.column, `syntax error: unexpected ${token.kind}${list}`);
}

const checks: ExprVisitor<void> = {
  log_query: (expr) => checkSelector(expr.matchers),
  range_aggregation: (expr) => checkSelector(expr.query.matchers),
  vector_aggregation: (expr) => checkInner(expr.expr),
  label_replace: (expr) => checkInner(expr.expr),
  binary: (expr) => {
    checkExpr(expr.left);
    checkExpr(expr.right);
  },
  literal: () => {},
  vector: () => {},
};

function checkExpr(expr: Expr): void {
  visitExpr(expr, checks);
}

/** A number is no vector: Loki looks for its selector, finds none, and says so. */
function checkInner(expr: MetricExpr): void {
  if (expr.kind === 'literal') checkSelector([]);
  checkExpr(expr);
}
