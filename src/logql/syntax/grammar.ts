import P, { type Parser } from 'parsimmon';
import type {
  BinaryOp, CompareOp, Grouping, LabelAssignment, LabelExtraction, LabelFilter, LabelTarget, LineFilter, LineFilterValue, LogQuery, RangeOp, Stage, Unwrap, VectorMatching,
  VectorOp,
} from './ast.ts';
import type { MatchOp, Matcher } from '../../model/mod.ts';
import {
  buildBinary, buildLabelReplace, buildLiteral, buildRangeAggregation, buildVector, buildVectorAggregation, type Built, type BuiltMetric, type LogRange,
} from './build.ts';
import { patternParserError, regexpParserError } from './checks.ts';
import { parseError } from './errors.ts';
import { operatorsMax, stagesMax } from './limits.ts';
import { readFloat } from './literals.ts';
import { foldChain, type ChainLink } from './precedence.ts';
import { regexpError } from './regexp.ts';
import { kindCharacter, type Token, type TokenKind } from './tokens.ts';

const rangeOps = [
  'COUNT_OVER_TIME', 'RATE', 'RATE_COUNTER', 'BYTES_OVER_TIME', 'BYTES_RATE', 'AVG_OVER_TIME', 'SUM_OVER_TIME', 'MIN_OVER_TIME', 'MAX_OVER_TIME', 'STDVAR_OVER_TIME',
  'STDDEV_OVER_TIME', 'QUANTILE_OVER_TIME', 'FIRST_OVER_TIME', 'LAST_OVER_TIME', 'ABSENT_OVER_TIME',
] as const;
const vectorOps = ['SUM', 'AVG', 'COUNT', 'MAX', 'MIN', 'STDDEV', 'STDVAR', 'BOTTOMK', 'TOPK', 'SORT', 'SORT_DESC', 'APPROX_TOPK'] as const;
const binaryOps = ['or', 'and', 'unless', '+', '-', '*', '/', '%', '^', '==', '!=', '>', '>=', '<', '<='] as const;
const lineOps = ['|~', '|=', '|>', '!~', '!=', '!>'] as const;

/**
 * The grammar of LogQL over the characters that stand for the kinds of `tokens` (tokens.ts). Every alternative is decided by its first
 * tokens and every parenthesis is parsed once, so parsing is linear.
 */
export function grammar(tokens: readonly Token[], allowAll: boolean): Parser<Built> {
  /** A token of one of these kinds. */
  const token = (...kinds: readonly TokenKind[]): Parser<Token> => {
    const characters = kinds.map(kindCharacter).join('');
    return P((input, at) => {
      const character = input[at];
      if (character === undefined || !characters.includes(character)) return P.makeFailure(at, [...kinds]);
      return P.makeSuccess(at + 1, tokens[at] as Token);
    });
  };
  /** A token of one of these kinds, where nothing else may stand. */
  const must = (...kinds: readonly TokenKind[]): Parser<Token> =>
    token(...kinds).or(P((_input, at) => {
      throw new SyntaxFailure(at, kinds);
    }));
  /** Nothing, where no token of this kind follows. */
  const unless = (kind: TokenKind): Parser<null> => P((input, at) => (input[at] === kindCharacter(kind) ? P.makeFailure(at, noList) : P.makeSuccess(at, null)));
  const optional = <T>(parser: Parser<T>): Parser<T | null> => parser.or(P.of(null));
  const text = (...kinds: readonly TokenKind[]): Parser<string> => token(...kinds).map((t) => t.text);
  const list = <T>(item: Parser<T>): Parser<T[]> => item.sepBy1(token(','));
  const inParentheses = <T>(inner: Parser<T>): Parser<T> => token('(').then(inner).skip(token(')'));

  // Selectors.
  const matchOp = token('=', '=~', '!~', '!=').map((t) => t.kind as MatchOp);
  const matcher: Parser<Matcher> = P.seqMap(text('IDENTIFIER'), matchOp, text('STRING'), makeMatcher);
  const selector: Parser<readonly Matcher[]> = token('{').then(
    token('}').map((): Matcher[] => []).or(list(matcher).skip(token('}'))),
  );

  // Line filters.
  const address: Parser<string> = must('(').then(must('STRING')).skip(must(')')).map((t) => t.text);
  // Once a filter has begun only its values can follow, also behind an `or`.
  const filterValue: Parser<LineFilterValue> = must('STRING', 'ip').chain((t): Parser<LineFilterValue> => (t.kind === 'ip' ? address.map((value) => ({ value, ip: true })) : P.of({ value: t.text, ip: false })));
  const filterValues: Parser<readonly LineFilterValue[]> = P.seqMap(filterValue, token('or').then(filterValue).many(), (first, more) => [first, ...more]);
  const lineFilter: Parser<readonly LineFilter[]> = P.seqMap(token(...lineOps), filterValues, (op, values) => makeLineFilters(op.kind as LineFilter['op'], values));

  // Label filters.
  const signedNumber = P.seqMap(optional(token('+', '-')), text('NUMBER'), (sign, number) => ({ number, negative: sign?.kind === '-' }));
  const compareOp = token('>', '>=', '<', '<=', '==').map((t) => t.kind as CompareOp);
  const numericValue = (name: string, op: CompareOp): Parser<LabelFilter> =>
    P.alt(
      token('DURATION').map((t): LabelFilter => ({ kind: 'duration_filter', name, op, value: Number(t.value), text: t.text })),
      token('BYTES').map((t): LabelFilter => ({ kind: 'bytes_filter', name, op, value: Number(t.value), text: t.text })),
      signedNumber.map(({ number, negative }) => makeNumberFilter(name, op, number, negative)),
    );
  const equalityValue = (name: string, op: '=' | '!='): Parser<LabelFilter> =>
    P.alt(
      text('STRING').map((value): LabelFilter => ({ kind: 'string_filter', matcher: { name, op, value } })),
      token('ip').then(inParentheses(text('STRING'))).map((pattern): LabelFilter => ({ kind: 'ip_filter', name, op, pattern })),
      numericValue(name, op === '=' ? '==' : '!='),
    );
  const comparison: Parser<LabelFilter> = text('IDENTIFIER').chain((name) =>
    P.alt(
      compareOp.chain((op) => numericValue(name, op)),
      token('=', '!=').chain((t) => equalityValue(name, t.kind as '=' | '!=')),
      P.seqMap(token('=~', '!~'), text('STRING'), (op, value): LabelFilter => ({ kind: 'string_filter', matcher: makeMatcher(name, op.kind as MatchOp, value) })),
    ),
  );
  const labelFilter: Parser<LabelFilter> = P.lazy(() => {
    const operand = comparison.or(inParentheses(labelFilter));
    const behind = operand.or(must('IDENTIFIER', '(').chain(() => P.fail('')));
    const link = P.seqMap(token('and', 'or', ','), behind, (op, right): ChainLink<string, LabelFilter> => ({ op: op.kind, right })).or(operand.map((right) => ({ op: 'beside', right })));
    return P.seqMap(operand, link.many(), foldLabelFilters);
  });

  // Stages behind a pipe.
  const extraction: Parser<LabelExtraction> = P.seqMap(text('IDENTIFIER'), optional(token('=').then(text('STRING'))), (label, expression) => ({ label, expression: expression ?? label }));
  const extractions: Parser<readonly LabelExtraction[]> = optional(list(extraction)).map((found) => found ?? []);
  const assignment: Parser<LabelAssignment> = P.seqMap(text('IDENTIFIER').skip(token('=')), token('IDENTIFIER', 'STRING'), (label, value): LabelAssignment =>
    value.kind === 'STRING' ? { kind: 'template', label, template: value.text } : { kind: 'rename', label, from: value.text },
  );
  const target: Parser<LabelTarget> = text('IDENTIFIER').chain((name) =>
    optional(P.seq(matchOp, must('STRING'))).map((condition): LabelTarget => ({
      name,
      matcher: condition === null ? null : { op: makeMatcher(name, condition[0], condition[1].text).op, value: condition[1].text },
    })),
  );
  const pipeStage: Parser<Stage> = P.alt(
    token('json').then(extractions).map((found): Stage => ({ kind: 'json', extractions: found })),
    token('logfmt').then(P.seq(text('FUNCTION_FLAG').many(), extractions)).map(([flags, found]): Stage => ({
      kind: 'logfmt', strict: flags.includes('--strict'), keepEmpty: flags.includes('--keep-empty'), extractions: found,
    })),
    token('regexp').then(text('STRING')).map((pattern): Stage => ({ kind: 'regexp', pattern: checked(pattern, regexpParserError, 'invalid regexp parser') })),
    token('pattern').then(text('STRING')).map((pattern): Stage => ({ kind: 'pattern', pattern: checked(pattern, patternParserError, 'invalid pattern parser') })),
    token('unpack').map((): Stage => ({ kind: 'unpack' })),
    token('line_format').then(text('STRING')).map((template): Stage => ({ kind: 'line_format', template })),
    token('label_format').then(list(assignment)).map((assignments): Stage => ({ kind: 'label_format', assignments })),
    token('decolorize').map((): Stage => ({ kind: 'decolorize' })),
    token('drop').then(list(target)).map((targets): Stage => ({ kind: 'drop', targets })),
    token('keep').then(list(target)).map((targets): Stage => ({ kind: 'keep', targets })),
    labelFilter.map((filter): Stage => ({ kind: 'label_filter', filter })),
  );
  // `| unwrap` ends a pipeline, so a pipe before it is not taken. Outside a range aggregation the unwrap is what is unexpected.
  const unwrapAhead = kindCharacter('|') + kindCharacter('unwrap');
  const pipe: Parser<Token> = P((input, at) => (input.startsWith(unwrapAhead, at) ? P.makeFailure(at + 1, noList) : P.makeSuccess(at, null))).then(token('|'));
  const stages: Parser<readonly Stage[]> = lineFilter.or(pipe.then(pipeStage).map((stage): readonly Stage[] => [stage])).many().map((found) => checkStages(found.flat()));
  const logQuery: Parser<LogQuery> = P.seqMap(selector, stages, (matchers, found): LogQuery => ({ kind: 'log_query', matchers, stages: found }));

  // Ranges.
  const conversion: Parser<Unwrap> = P.seqMap(token('BYTES_CONV', 'DURATION_CONV', 'DURATION_SECONDS_CONV'), inParentheses(text('IDENTIFIER')), (op, label) => ({
    label, conversion: op.text.toLowerCase() as Unwrap['conversion'], filters: [],
  }));
  const unwrap: Parser<Unwrap> = token('|').then(token('unwrap')).then(
    P.seqMap(text('IDENTIFIER').map((label): Unwrap => ({ label, conversion: 'none', filters: [] })).or(conversion), token('|').then(labelFilter).many(), (head, filters) => ({ ...head, filters: checkFilters(filters) })),
  );
  const maybeUnwrap: Parser<Unwrap | null> = optional(unwrap);
  const offset: Parser<bigint> = optional(token('offset').then(token('DURATION'))).map((t) => t?.value ?? 0n);
  type OpenRange = { readonly query: LogQuery; readonly unwrap: Unwrap | null; readonly range: { readonly rangeNs: bigint; readonly offsetNs: bigint } | null };
  const rangeAndOffset = P.seqMap(token('RANGE'), offset, (range, offsetNs) => ({ rangeNs: range.value, offsetNs }));
  /** A selector with its stages, and the range behind the selector, behind the stages, or (inside parentheses) not yet there. */
  const openRange = (inside: boolean): Parser<OpenRange> =>
    selector.chain((matchers) => {
      const rest = (range: OpenRange['range']): Parser<OpenRange> =>
        P.seqMap(stages, maybeUnwrap, (found, unwrapped): OpenRange => ({ query: { kind: 'log_query', matchers, stages: found }, unwrap: unwrapped, range }));
      const rangeFirst = rangeAndOffset.chain(rest);
      const rangeLast = rest(null).chain((open) => {
        const closing = rangeAndOffset.map((range): OpenRange => ({ ...open, range }));
        return inside ? closing.or(P.of(open)) : closing;
      });
      return rangeFirst.or(rangeLast);
    });
  const closedRange = (open: OpenRange): Parser<LogRange> => {
    if (open.range !== null) return P.of({ query: open.query, unwrap: open.unwrap, ...open.range });
    const bare = open.query.stages.length === 0 && open.unwrap === null;
    return P.seqMap(rangeAndOffset, bare ? maybeUnwrap : P.of(open.unwrap), (range, unwrapped): LogRange => ({ query: open.query, unwrap: unwrapped, ...range }));
  };
  const rangeInParentheses: Parser<LogRange> = P.lazy(() => {
    const inner = rangeInParentheses.map((range): OpenRange => ({ query: range.query, unwrap: range.unwrap, range })).or(openRange(true));
    return inParentheses(inner).chain(closedRange);
  });
  const logRange: Parser<LogRange> = rangeInParentheses.or(openRange(false).chain(closedRange));

  // Metric expressions.
  const grouping: Parser<Grouping> = P.seqMap(token('by', 'without'), inParentheses(list(text('IDENTIFIER')).or(P.of([]))), (word, labels) => ({ without: word.kind === 'without', labels }));
  const maybeGrouping: Parser<Grouping | null> = optional(grouping);
  const rangeAggregation: Parser<BuiltMetric> = token(...rangeOps).skip(token('(')).chain((op) =>
    P.seqMap(optional(text('NUMBER').skip(token(','))), logRange.skip(token(')')), maybeGrouping, (param, range, group) =>
      buildRangeAggregation(op.kind.toLowerCase() as RangeOp, param, range, group, allowAll),
    ),
  );
  /** A number in front of a comma. */
  const parameter: Parser<string | null> = P((input, at) => {
    const ahead = input[at] === kindCharacter('NUMBER') && input[at + 1] === kindCharacter(',');
    return ahead ? P.makeSuccess(at + 2, (tokens[at] as Token).text) : P.makeSuccess(at, null);
  });
  const metric: Parser<BuiltMetric> = P.lazy(() => expression.chain(metricOnly));
  const vectorAggregation: Parser<BuiltMetric> = P.seqMap(token(...vectorOps), maybeGrouping, (op, before) => ({ op: op.kind.toLowerCase() as VectorOp, before })).chain(({ op, before }) =>
    P.seqMap(inParentheses(P.seq(parameter, metric)), before === null ? maybeGrouping : P.of(null), ([param, inner], after) => buildVectorAggregation(op, param, before ?? after, inner)),
  );
  const comma = token(',');
  const labelReplace: Parser<BuiltMetric> = token('label_replace').then(
    inParentheses(P.seqMap(metric, comma, text('STRING'), comma, text('STRING'), comma, text('STRING'), comma, text('STRING'), (inner, _1, destination, _2, replacement, _3, source, _4, pattern) =>
      buildLabelReplace(inner, destination, replacement, source, pattern),
    )),
  );
  const vector: Parser<BuiltMetric> = token('VECTOR').then(inParentheses(text('NUMBER'))).map(buildVector);
  const literal: Parser<BuiltMetric> = P.seqMap(optional(token('+', '-')), text('NUMBER'), (sign, number) => buildLiteral(number, sign?.kind === '-'));

  const labels: Parser<readonly string[]> = inParentheses(list(text('IDENTIFIER')).or(P.of([])));
  const card = token('group_left', 'group_right');
  const group = P.seqMap(card, labels.or(unless('(')), (side, include) => ({ card: side.kind === 'group_left' ? ('many-to-one' as const) : ('one-to-many' as const), include: include ?? [] }));
  const matching: Parser<VectorMatching> = P.seqMap(token('on', 'ignoring'), labels, optional(group), (word, names, side) => ({
    on: word.kind === 'on', labels: names, card: side?.card ?? 'one-to-one', include: side?.include ?? [],
  }));
  const operator = P.seqMap(token(...binaryOps), optional(token('bool')), optional(matching), (op, bool, match) => ({ op: op.kind as BinaryOp, returnBool: bool !== null, matching: match }));
  const expression: Parser<Built> = P.lazy(() => {
    const operand: Parser<Built> = P.alt<Built>(logQuery, rangeAggregation, vectorAggregation, literal, labelReplace, vector, inParentheses(expression));
    const link = P.seqMap(operator, operand, (op, right) => ({ ...op, right }));
    return P.seqMap(operand, link.many(), foldOperators);
  });
  return expression.skip(P((input, at) => (at >= input.length - 1 ? P.makeSuccess(input.length, null) : P.makeFailure(at, noList))));
}

/** Thrown where the text cannot go on, whatever other alternatives there are. */
export class SyntaxFailure extends Error {
  readonly at: number;
  readonly expected: readonly string[];

  constructor(at: number, expected: readonly string[]) {
    super(`token ${at} does not fit`);
    this.at = at;
    this.expected = expected;
  }
}

/** Expected by parsers whose alternatives are too many to list. */
const noList = ['', ' ', '  ', '   ', '    '];

/** A log query where a metric is wanted is an error at the token behind it. */
function metricOnly(built: Built): Parser<BuiltMetric> {
  return built.kind === 'log_query' ? P<BuiltMetric>((_input, at) => P.makeFailure(at, noList)) : P.of(built);
}

function makeMatcher(name: string, op: MatchOp, value: string): Matcher {
  if (op === '=~' || op === '!~') checkRegexp(value);
  return { name, op, value };
}

function checkRegexp(pattern: string): void {
  const error = regexpError(pattern);
  if (error !== null) throw parseError(error);
}

function checked(value: string, check: (value: string) => string | null, what: string): string {
  const error = check(value);
  if (error !== null) throw parseError(`${what}: ${error}`);
  return value;
}

/** `!= "a" or "b"` refuses both: two filters. */
function makeLineFilters(op: LineFilter['op'], values: readonly LineFilterValue[]): LineFilter[] {
  if (op.startsWith('!')) return values.map((value) => ({ kind: 'line_filter', op, alternatives: [value] }));
  return [{ kind: 'line_filter', op, alternatives: values }];
}

function makeNumberFilter(name: string, op: CompareOp, number: string, negative: boolean): LabelFilter {
  const value = readFloat(number);
  if (typeof value !== 'number') throw parseError(`unable to parse literal as a float: ${value.error}`);
  return { kind: 'number_filter', name, op, value: negative ? -value : value };
}

/** Binds `or` least, then `and`; a comma, or nothing, between two filters takes in all that follows. */
function foldLabelFilters(first: LabelFilter, links: readonly ChainLink<string, LabelFilter>[]): LabelFilter {
  checkLength(links.length);
  const level = (op: string): number | null => (op === 'or' ? 1 : op === 'and' ? 2 : null);
  return foldChain(first, links, level, () => false, (left, op, right) => ({ kind: op === 'or' ? 'or' : 'and', left, right }));
}

const operatorLevels: { readonly [op in BinaryOp]: number } = {
  or: 1, and: 2, unless: 2, '==': 3, '!=': 3, '<': 3, '<=': 3, '>': 3, '>=': 3, '+': 4, '-': 4, '*': 5, '/': 5, '%': 5, '^': 6,
};

type OperatorLink = { readonly op: BinaryOp; readonly returnBool: boolean; readonly matching: VectorMatching | null; readonly right: Built };

function foldOperators(first: Built, links: readonly OperatorLink[]): Built {
  checkLength(links.length);
  const chain = links.map((link) => ({ op: link, right: link.right }));
  return foldChain<OperatorLink, Built>(first, chain, (link) => operatorLevels[link.op], (link) => link.op === '^', (left, link, right) => buildBinary(link.op, link.returnBool, link.matching, left, right));
}

function checkFilters(filters: readonly LabelFilter[]): readonly LabelFilter[] {
  if (filters.length > stagesMax) throw parseError(`more than ${stagesMax} stages in one query`);
  return filters;
}

function checkStages(stages: readonly Stage[]): readonly Stage[] {
  if (stages.length > stagesMax && stages.filter(({ kind }) => kind !== 'line_filter').length > stagesMax) throw parseError(`more than ${stagesMax} stages in one query`);
  return stages;
}

function checkLength(operators: number): void {
  if (operators > operatorsMax) throw parseError(`more than ${operatorsMax} operators in one chain`);
}
