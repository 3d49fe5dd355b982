/**
 * Asks a real Loki what it makes of generated and mutated queries (`format_query`) and writes its answers to test/fixtures/parser-answers.jsonl.br, which
 * test/logql/syntax/loki-answers.test.ts replays against our parser and printer:
 *
 *     node tools/record-parser.ts --url http://127.0.0.1:13100 [--seed 1] [--count 14000] [--loki <git directory>]
 *
 * The queries come from the generator (test/fuzz/syntax-queries.ts), from ../shared/conformance, and, with --loki, from the documentation in Loki's
 * repository; more than half are mutations of these. The same seed gives the same queries.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { Dice } from '../test/fuzz/dice.ts';
import { mutate } from '../test/fuzz/mutate.ts';
import { SyntaxQueries } from '../test/fuzz/syntax-queries.ts';

const root = path.resolve(import.meta.dirname, '..');
const shared = path.resolve(root, '../shared/conformance');

/** Queries that people wrote: those of the conformance corpus, and what stands as code in SEMANTICS.md and in Loki's documentation. */
function written(lokiRepository: string | undefined): string[] {
  const found = new Set<string>();
  const addCode = (text: string): void => {
    for (const match of text.matchAll(/```(?:logql)?\n([\s\S]*?)```|`([^`\n]+)`/g)) {
      const code = (match[1] ?? match[2] ?? '').trim();
      if (/[{(]/.test(code) && code.length < 1000 && !/^(?:curl|http|\$ |<)/.test(code)) found.add(code);
    }
  };
  if (existsSync(shared)) {
    for (const file of readdirSync(path.join(shared, 'cases'))) {
      const cases = JSON.parse(readFileSync(path.join(shared, 'cases', file), 'utf8')) as readonly { readonly params?: { readonly query?: unknown } }[];
      for (const { params } of cases) if (typeof params?.query === 'string') found.add(params.query);
    }
    addCode(readFileSync(path.join(shared, 'SEMANTICS.md'), 'utf8'));
  }
  if (lokiRepository !== undefined) {
    const git = (...args: readonly string[]): string => execFileSync('git', ['-C', lokiRepository, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    for (const file of git('ls-tree', '-r', '--name-only', 'HEAD', 'docs/sources/query', 'docs/sources/alert').split('\n')) if (file.endsWith('.md')) addCode(git('show', `HEAD:${file}`));
  }
  return [...found].sort();
}

/** `count` different queries. */
function queries(seed: number, count: number, seeds: readonly string[]): string[] {
  const dice = new Dice(seed);
  const generator = new SyntaxQueries(dice);
  const made = new Set(seeds.filter((query) => query.length < 2000));
  const generated = Array.from({ length: Math.floor(count * 0.5) }, () => generator.query());
  for (const query of generated) made.add(query);
  const all = [...seeds, ...generated];
  while (made.size < count) {
    const query = mutate(dice, dice.pick(all), all);
    if (query.length < 1500) made.add(query.toWellFormed());
  }
  return [...made];
}

async function ask(url: string, query: string): Promise<readonly [string, 0 | 1, string]> {
  const response = await fetch(`${url}/loki/api/v1/format_query`, { method: 'POST', headers: { 'X-Scope-OrgID': 'main' }, body: new URLSearchParams({ query }) });
  const answer = (await response.json()) as { readonly status: string; readonly data?: string; readonly error?: string };
  if ((answer.status === 'success') !== (response.status === 200)) throw new Error(`status ${response.status} for ${query}`);
  return response.status === 200 ? [query, 1, answer.data ?? ''] : [query, 0, answer.error ?? ''];
}

const { values } = parseArgs({
  options: { url: { type: 'string' }, seed: { type: 'string', default: '1' }, count: { type: 'string', default: '14000' }, loki: { type: 'string' }, out: { type: 'string', default: path.join(root, 'test/fixtures/parser-answers.jsonl.br') } },
});
if (values.url === undefined) throw new Error('--url is required');
const wanted = queries(Number(values.seed), Number(values.count), written(values.loki));
const answers: string[] = [];
let accepted = 0;
for (let at = 0; at < wanted.length; at += 8) {
  for (const answer of await Promise.all(wanted.slice(at, at + 8).map((query) => ask(values.url ?? '', query)))) {
    accepted += answer[1];
    answers.push(JSON.stringify(answer));
  }
}
const text = Buffer.from(`${answers.join('\n')}\n`);
const packed = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: text.length } });
mkdirSync(path.dirname(values.out), { recursive: true });
writeFileSync(values.out, packed);
process.stdout.write(`${answers.length} answers, ${accepted} of them a printed query; ${text.length} bytes, ${packed.length} compressed\n`);
