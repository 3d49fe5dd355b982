import { RE2JS, RE2JSSyntaxException } from 're2js';
import { createScanner, Engine, type ScanTask } from '../../src/logql/mod.ts';
import { compileRegex, RegexSyntaxError } from '../../src/logql/regex/mod.ts';
import { formatExpr, parseQuery, prettyExpr, type Expr, type Stage } from '../../src/logql/syntax/mod.ts';
import { checkStages } from '../../src/logql/stages/check.ts';
import { defaultLimits, errorCodes, isSpoorError } from '../../src/model/mod.ts';
import { corpusApps } from './corpus-apps.ts';
import { baseNs, day, randomBlock, randomSource } from './data.ts';
import { DataQueries } from './data-queries.ts';
import type { Dice } from './dice.ts';
import { mutate } from './mutate.ts';
import { SyntaxQueries } from './syntax-queries.ts';
import { lineTemplates } from './templates.ts';

/** What came of a case: done, or the code of the error that refused it. */
export type Outcome = string;
/** One random case. Throws where something is wrong: an error without a code, a print that reads otherwise, an answer that differs from the oracle's. */
export type FuzzCase = (dice: Dice, note: (what: string) => void) => Outcome | Promise<Outcome>;

const never = new AbortController().signal;

/** The code of an error that users may see; any other is thrown on. */
function codeOf(error: unknown): Outcome {
  if (isSpoorError(error) && error.code in errorCodes && error.message !== '' && !/\bundefined(?! variable)/.test(error.message)) return error.code;
  throw error;
}

function randomQuery(dice: Dice): string {
  const syntax = new SyntaxQueries(dice, 30);
  const data = new DataQueries(dice);
  return dice.run(() => syntax.query(), () => syntax.query(), () => (dice.oneIn(2) ? data.log() : data.metric(dice.below(4))), () => mutate(dice, syntax.query(), [data.log(), syntax.query(), data.metric(1)]));
}

function parsed(query: string): Expr | Outcome {
  try {
    return parseQuery(query);
  } catch (error) {
    return codeOf(error);
  }
}

/** A query, random or mutated: parse, print, parse again, and run it over a few random lines. */
const queries: FuzzCase = async (dice, note) => {
  const query = randomQuery(dice);
  note(query);
  const expr = parsed(query);
  if (typeof expr === 'string') return expr;
  prettyExpr(expr);
  const printed = formatExpr(expr);
  // The printed form has ranges in ms and two digits of sizes; a number that is none, or not finite, cannot be written.
  if (!/NaN|Inf/.test(printed)) {
    const again = formatExpr(parseQuery(printed));
    // Of a size that two digits round up to the next unit nothing stays.
    if (again !== printed && !/\b1000[kMGTP]?B\b/.test(printed)) throw new Error(`reads otherwise than it was printed: ${printed} and ${again}`);
  }
  const engine = new Engine(randomSource(dice));
  const shared = { tenant: 't', query: asApp(expr), direction: dice.pick(['forward', 'backward'] as const), limit: dice.between(1, 20), limits: defaultLimits };
  try {
    const instant = expr.kind !== 'log_query' && dice.oneIn(2);
    const stepNs = BigInt(dice.between(1, 120)) * 1_000_000_000n;
    const startNs = baseNs + BigInt(dice.below(300)) * 1_000_000_000n;
    await engine.query(instant ? { ...shared, kind: 'instant', timeNs: startNs } : { ...shared, kind: 'range', startNs, endNs: startNs + 200_000_000_000n, stepNs, intervalNs: dice.pick([0n, 0n, 1_000_000_000n]) }, never);
    return 'answered';
  } catch (error) {
    return codeOf(error);
  }
};

/** The query over streams that are there. */
function asApp(expr: Expr): Expr {
  const matchers = [{ name: 'app', op: '=~' as const, value: '.+' }];
  const replaced = JSON.stringify(expr, (key, value: unknown) => (key === 'matchers' ? matchers : typeof value === 'bigint' ? `${value}n` : typeof value === 'number' && !Number.isFinite(value) ? `#${value}` : value));
  return JSON.parse(replaced, (key, value: unknown) => {
    if (key.endsWith('Ns') && typeof value === 'string') return BigInt(value.slice(0, -1));
    return key === 'value' && typeof value === 'string' && /^#(?:NaN|-?Infinity)$/.test(value) ? Number(value.slice(1)) : value;
  }) as Expr;
}

/** Random lines through a chain of stages, some of them repeated, in the scanners of log and of metric queries. */
const stages: FuzzCase = (dice, note) => {
  const syntax = new SyntaxQueries(dice, 60);
  const data = new DataQueries(dice);
  const chain = dice.list(1, 4, () => (dice.oneIn(2) ? syntax.stage() : data.stage(dice.pick(corpusApps)))).join(' ');
  const label = dice.pick(['a', 'b', 'level', 'took', 'size', 'n', 'status', 'msg']);
  const query = dice.run(
    () => `{app=~".+"} ${chain}`,
    () => `sum by (${label}, level) (count_over_time({app=~".+"} ${chain} [1m]))`,
    () => `max_over_time({app=~".+"} ${chain} | unwrap ${dice.pick([label, `duration(${label})`, `bytes(${label})`, `duration_seconds(${label})`])} ${dice.oneIn(2) ? `| ${label}!="x"` : ''} [1m]) by (${label})`,
  );
  note(query);
  const expr = parsed(query);
  if (typeof expr === 'string') return expr;
  const logQuery = findLog(expr);
  const time = { tenant: 't', matchers: logQuery.matchers, startNs: baseNs, endNs: baseNs + 86_400_000_000_000n, stages: logQuery.stages };
  const unwrap = expr.kind === 'range_aggregation' ? expr.unwrap : null;
  const grouping = expr.kind === 'range_aggregation' ? expr.grouping : null;
  const task: ScanTask =
    expr.kind === 'log_query'
      ? { ...time, output: { kind: 'log', direction: dice.pick(['forward', 'backward'] as const), limit: dice.pick([0, 5]) } }
      : {
          ...time,
          output: {
            kind: 'aggregate',
            aggregation: {
              op: unwrap === null ? 'count_over_time' : 'max_over_time', param: null, unwrap, rangeNs: 60_000_000_000n, startNs: baseNs + 60_000_000_000n, stepNs: 60_000_000_000n, steps: 2, grouping, skipParsers: false, requiredLabels: null, keepErrors: false,
              seriesMax: 0,
            },
          },
        };
  try {
    checkStages(logQuery.stages);
    const scanner = createScanner(task);
    scanner.add(randomBlock(dice));
    scanner.add({ ...randomBlock(dice), day: day + 1 });
    scanner.finish();
    return 'scanned';
  } catch (error) {
    return codeOf(error);
  }
};

function findLog(expr: Expr): { readonly matchers: Extract<Expr, { readonly kind: 'log_query' }>['matchers']; readonly stages: readonly Stage[] } {
  if (expr.kind === 'log_query') return expr;
  if (expr.kind === 'range_aggregation') return expr.query;
  if (expr.kind === 'vector_aggregation') return findLog(expr.expr);
  throw new Error('no log query');
}

const regexPieces = [
  'a', 'b', 'k', 'é', 'ß', '.', '^', '$', '*', '+', '?', '*?', '{2}', '{1,3}', '{0}', '{3,}', '(', ')', '(?:', '(?i:', '(?i)', '(?s)', '(?m)', '(?P<n>', '|', '[a-c]', '[^b]', '[[:digit:]]', '[', ']', '\\d', '\\w', '\\b', '\\B', '\\pL', '\\P{Greek}', '\\x{212a}', '\\Q+\\E', '\\', '\\z', '1', ' ',
  '\\s', '{', '}', '-', '[é-ü]', '(?-i:K)', '(?U)', '\\n', '\\A', '(?s:.)', '[^\\n]', '\\u', 'x*',
];
const subjectPieces = ['a', 'b', 'c', 'k', 'K', '\u212a', 'é', 'É', 'ß', 'ẞ', '1', ' ', '\n', '\r', 'x', '🚀', 'ſ', 's', '_', '-', '+'];

/** A random regular expression on random text: accepted, refused and matched as re2js does. */
const regexes: FuzzCase = (dice, note) => {
  const pattern = dice.list(1, 10, () => dice.pick(regexPieces)).join('');
  const text = dice.list(0, 12, () => dice.pick(subjectPieces)).join('');
  note(`${JSON.stringify(pattern)} on ${JSON.stringify(text)}`);
  let ours: ReturnType<typeof compileRegex> | null = null;
  try {
    ours = compileRegex(pattern);
  } catch (error) {
    if (!(error instanceof RegexSyntaxError)) throw error;
  }
  // Go takes a name twice, re2js does not.
  if (pattern.split('(?P<n>').length > 2) return 'not compared';
  let oracle: RE2JS | null = null;
  try {
    oracle = RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
  }
  if ((ours === null) !== (oracle === null)) throw new Error(`${JSON.stringify(pattern)}: we ${ours === null ? 'refuse' : 'accept'} it, re2js does not`);
  if (ours === null || oracle === null) return 'refused';
  const bytes = Buffer.from(text);
  const wanted = oracle.matcher(text).find();
  const found = ours.matches(bytes, 0, bytes.length);
  if (found !== wanted || (ours.find(bytes, 0, bytes.length) !== null) !== wanted) throw new Error(`${JSON.stringify(pattern)} on ${JSON.stringify(text)}: ${found}, re2js ${wanted}`);
  return wanted ? 'matched' : 'not matched';
};

const templatePieces = ['{{', '}}', '{{-', '-}}', ' ', '.', '.a', '.level', '$', '$x', ':=', '=', '|', '(', ')', '"x"', '`y`', "'c'", '1', '-2', '1.5', 'if', 'else', 'end', 'range', 'with', 'define', 'block', 'template', 'break', 'continue', 'nil', 'true', ',', '/*', '*/', 'printf', 'upper', 'eq', 'fromJson', 'index', 'len', 'add', '\n', 'text', '__line__', '"%5d %q %v"', '.x.y'];

/** A template that was put together of pieces, or changed a little, over random lines. */
const templates: FuzzCase = async (dice, note) => {
  const template = dice.oneIn(2) ? dice.list(1, 20, () => dice.pick(templatePieces)).join(dice.pick(['', ' '])) : mutate(dice, dice.pick(lineTemplates).replaceAll(/\.[NDST]\b/g, () => dice.pick(['.a', '.level', '.took', '.n', '.nosuch'])), lineTemplates);
  const query = `{app=~".+"} | ${dice.pick(['logfmt', 'json'])} | ${dice.oneIn(2) ? 'line_format' : 'label_format x='} ${JSON.stringify(template.toWellFormed())}`;
  note(query);
  const expr = parsed(query);
  if (typeof expr === 'string') return expr;
  try {
    await new Engine(randomSource(dice)).query({ tenant: 't', query: expr, direction: 'backward', limit: 20, limits: defaultLimits, kind: 'range', startNs: baseNs, endNs: baseNs + 600_000_000_000n, stepNs: 1n, intervalNs: 0n }, never);
    return 'answered';
  } catch (error) {
    return codeOf(error);
  }
};

/** The kinds of cases, each with how often it is taken. */
export const fuzzCases: Readonly<Record<string, { readonly run: FuzzCase; readonly share: number }>> = {
  queries: { run: queries, share: 5 },
  stages: { run: stages, share: 5 },
  regexes: { run: regexes, share: 5 },
  templates: { run: templates, share: 3 },
};
