import { SpoorError, labelSet, quoteGo, type Label } from '../../model/mod.ts';
import { JsonReader } from './json-reader.ts';
import { LabelCache } from './label-cache.ts';
import { parseLabels } from './label-text.ts';

const cache = new LabelCache();
const namePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const quote = 0x22;

/**
 * The labels of a stream from the text of their JSON object, which a JsonReader has passed over before. A value is the text of a string, or any other
 * JSON value as it is written. Of a repeated name the last counts; empty values fall away. Answers for one text are one array.
 * Throws `push_labels` for names that are none.
 */
export function labelsOfJson(object: Buffer, depthMax: number): readonly Label[] {
  const text = object.toString('latin1');
  const known = cache.get(text);
  if (known !== undefined) return known;
  const labels = readLabels(object, depthMax);
  cache.set(text, labels);
  return labels;
}

function readLabels(object: Buffer, depthMax: number): readonly Label[] {
  const json = new JsonReader(object, depthMax);
  const values = new Map<string, string>();
  for (let more = json.firstKey(); more; more = json.nextKey()) {
    const name = json.bytes.toString('utf8', json.start, json.start + json.length);
    if (json.peek() === quote) {
      json.string();
      values.set(name, json.bytes.toString('utf8', json.start, json.start + json.length));
    } else {
      const start = json.at;
      json.skip();
      values.set(name, json.bytes.toString('utf8', start, json.at));
    }
  }
  for (const name of values.keys()) if (!namePattern.test(name)) throw badName(values, name);
  return labelSet(values);
}

/** The error for a name that is none: that of the label string which Loki makes of the labels, and reads again. */
function badName(values: ReadonlyMap<string, string>, name: string): SpoorError {
  const pairs = [...values].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map((pair) => `${pair[0]}=${quoteGo(pair[1])}`);
  try {
    parseLabels(`{${pairs.join(', ')}}`);
  } catch (error) {
    if (error instanceof SpoorError) return error;
    throw error;
  }
  return new SpoorError('push_labels', { line: 1, column: 1, reason: `invalid label name ${quoteGo(name)}` });
}
