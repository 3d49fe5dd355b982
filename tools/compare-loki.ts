/**
 * Asks a real Loki and spoor the same generated queries over the data of ../shared/conformance, which both have loaded (run.mjs --load), and prints where
 * they answer differently:
 *
 *     node tools/compare-loki.ts --loki http://127.0.0.1:13100 --spoor http://127.0.0.1:3100 [--seed 1] [--count 1500] [--show 40] [--only text]
 *
 * What differs because Loki answers differently each time, or on purpose, is told apart (`isExcused`). Exits 1 where anything else differs.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { DataQueries, type DataRequest } from '../test/fuzz/data-queries.ts';
import { Dice } from '../test/fuzz/dice.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
}
interface Case extends DataRequest {
  readonly expect?: unknown;
  readonly compare?: unknown;
}
/** What is used of ../shared/conformance/lib.mjs. */
interface Library {
  readonly requestFor: (request: Case) => unknown;
  readonly send: (url: string, request: unknown, timeoutMs?: number) => Promise<Answer>;
  readonly judge: (wanted: Case, answer: Answer) => string | undefined;
  readonly parseBody: (answer: Answer) => unknown;
  readonly closeAgents: () => void;
}

const library = (await import(pathToFileURL(path.resolve(import.meta.dirname, '../../shared/conformance/lib.mjs')).href)) as Library;

const { values } = parseArgs({
  options: {
    loki: { type: 'string' }, spoor: { type: 'string' }, seed: { type: 'string', default: '1' }, count: { type: 'string', default: '1500' }, show: { type: 'string', default: '40' }, only: { type: 'string' },
  },
});
const { loki = '', spoor = '' } = values;
if (loki === '' || spoor === '') throw new Error('--loki and --spoor are required');

/** Of several lines that failed, Loki names any. */
function plainError(text: string): string {
  return text.startsWith('pipeline error: ') ? 'pipeline error' : text.trim();
}

/** Differences of which we know why. */
function isExcused(request: DataRequest, theirs: Answer, ours: Answer): boolean {
  const query = request.params['query'] ?? '';
  const answers = theirs.text + ours.text;
  return (
    // Among equal values Loki keeps any.
    /\b(?:topk|bottomk)\b/.test(query) ||
    // Series that come out of label_replace with the same labels: Loki puts them into one series, with two values at one time.
    /\blabel_replace\(/.test(query) ||
    // Loki loses series with U+FFFD in a label, and fails where it has to categorise such a label.
    answers.includes('\ufffd') || (request.kind === 'query' || 'step' in request.params ? query.includes('<first> <second>') : false) || /invalid UTF-8 rune/.test(answers) ||
    // A line that brings its own __error_details__ keeps them in Loki.
    answers.includes('"user details"') ||
    // From its store Loki does not answer the last entry of a chunk at exactly the start.
    (theirs.text.includes('"result":[]') && ours.text.includes(`["${request.params['start'] ?? ''}000000000"`))
  );
}

/** Undefined where the answers are the same. */
function compare(request: DataRequest, theirs: Answer, ours: Answer): string | undefined {
  if (theirs.status >= 400 || ours.status >= 400) {
    // Loki answers many-to-many matching by 500, of which the text is the same.
    const matching = theirs.status === 500 && /many-to-many|multiple matches for labels/.test(theirs.text);
    if (theirs.status !== ours.status && !matching) return `status ${theirs.status} and ${ours.status}: ${theirs.text.slice(0, 300)} / ${ours.text.slice(0, 300)}`;
    return plainError(theirs.text) === plainError(ours.text) ? undefined : `error: ${theirs.text.slice(0, 400)} / ${ours.text.slice(0, 400)}`;
  }
  return library.judge({ ...request, expect: { status: 200, body: library.parseBody(theirs) }, compare: {} }, ours);
}

const generator = new DataQueries(new Dice(Number(values.seed)));
const requests = Array.from({ length: Number(values.count) }, () => generator.request()).filter(({ params }) => values.only === undefined || (params['query'] ?? '').includes(values.only));
const tally = { same: 0, empty: 0, refused: 0, unstable: 0, excused: 0, different: 0 };
const different: string[] = [];
for (let at = 0; at < requests.length; at += 4) {
  await Promise.all(
    requests.slice(at, at + 4).map(async (request) => {
      const message = library.requestFor(request);
      const [theirs, ours] = await Promise.all([library.send(loki, message), library.send(spoor, message)]);
      const why = compare(request, theirs, ours);
      if (why === undefined) {
        tally.same += 1;
        if (theirs.status >= 400) tally.refused += 1;
        else if (/"result":\[\]/.test(theirs.text)) tally.empty += 1;
        return;
      }
      // Ties and the like: Loki answers otherwise when asked again.
      for (let attempt = 0; attempt < 4; attempt++) {
        const again = await library.send(loki, message);
        if (compare(request, again, ours) === undefined || compare(request, theirs, again) !== undefined) {
          tally.unstable += 1;
          return;
        }
      }
      if (isExcused(request, theirs, ours)) {
        tally.excused += 1;
        return;
      }
      tally.different += 1;
      different.push(`${request.kind} ${JSON.stringify({ ...request.params, query: undefined })}${request.headers === undefined ? '' : ' categorized'}\n    ${request.params['query'] ?? ''}\n    ${why}`);
    }),
  );
}
library.closeAgents();
for (const text of different.toSorted((a, b) => a.length - b.length).slice(0, Number(values.show))) process.stdout.write(`${text}\n`);
process.stdout.write(`${JSON.stringify(tally)}\n`);
process.exitCode = tally.different === 0 ? 0 : 1;
