import { encodeMetadata } from '../../../src/bytes/mod.ts';
import { parseQuery } from '../../../src/logql/syntax/mod.ts';
import { compilePipeline } from '../../../src/logql/stages/compile.ts';
import { allLabels, type LabelNeeds } from '../../../src/logql/stages/hints.ts';
import { LabelsBuilder } from '../../../src/logql/stages/labels-builder.ts';
import { Row } from '../../../src/logql/stages/stage.ts';
import { labelSet } from '../../../src/model/mod.ts';

/** What a pipeline makes of one row. */
export interface Outcome {
  /** Labels that are not the stream's, by name, errors among them; null where the row was dropped. */
  readonly labels: Readonly<Record<string, string>> | null;
  readonly line: string;
}

export interface Given {
  readonly stream?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly needs?: LabelNeeds;
}

/** Needs of `by (names)`. */
export function by(...names: string[]): LabelNeeds {
  return { required: names, skipParsers: false, grouping: { without: false, labels: names }, keepErrors: false, filterWhileParsing: false };
}

/** Rows for stages, with the line inside a larger buffer as in a page. */
export class Pipeline {
  readonly labels: LabelsBuilder;
  readonly #row: Row;
  readonly #stages: ReturnType<typeof compilePipeline>;
  readonly #given: Given;

  constructor(stages: string, given: Given = {}) {
    const query = parseQuery(`{a="b"} ${stages}`);
    if (query.kind !== 'log_query') throw new Error('no log query');
    this.#given = given;
    this.labels = new LabelsBuilder(given.needs ?? allLabels);
    this.#row = new Row(this.labels);
    this.#stages = compilePipeline(query.stages, this.labels, null);
    this.labels.resetStream(labelSet(Object.entries(given.stream ?? {})));
  }

  /** Runs a row; false where it is dropped. */
  process(line: string | Uint8Array): boolean {
    const text = Buffer.from(line);
    const metadata = Buffer.concat([Buffer.from('xx'), encodeMetadata(labelSet(Object.entries(this.#given.metadata ?? {})))]);
    this.labels.resetRow(metadata, 2, metadata.length - 2);
    this.#row.replaceLine(Buffer.concat([Buffer.from('}"='), text, Buffer.from('"}]=x')]), 3, 3 + text.length);
    return this.#stages.every((stage) => stage.process(this.#row));
  }

  line(): string {
    return this.#row.bytes.toString('utf8', this.#row.start, this.#row.end);
  }

  run(line: string | Uint8Array): Outcome {
    const stays = this.process(line);
    if (!stays) return { labels: null, line: this.line() };
    const { structuredMetadata, parsed } = this.labels.result();
    return { labels: Object.fromEntries([...structuredMetadata, ...parsed].map(({ name, value }) => [name, value])), line: this.line() };
  }
}

export function run(stages: string, line: string | Uint8Array, given: Given = {}): Outcome {
  return new Pipeline(stages, given).run(line);
}

/** The labels that a pipeline makes of a line. */
export function labelsOf(stages: string, line: string | Uint8Array, given: Given = {}): Outcome['labels'] {
  return run(stages, line, given).labels;
}
