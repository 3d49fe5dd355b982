import { decodeMetadata } from '../../src/bytes/mod.ts';
import type { StreamLabels } from '../buffer/batch.ts';
import type { LineSink, LineView } from '../join/line.ts';
import type { TimeParts } from '../parse/time.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { FieldCounts } from './counts.ts';
import type { LabelValues } from './label-values.ts';
import { LabelCache } from './labels.ts';
import { levelOfText, levelOfValue, type LevelName } from './levels.ts';
import { addMetadata, encodeName, MetadataWriter, type MetadataPair } from './metadata.ts';
import type { FieldSettings, ValueSource } from './settings.ts';
import { escapedValue, type FieldTable } from './table.ts';
import { traceOfText, traceOfValue } from './trace-id.ts';

/** What one container run adds to the settings that it shares with others. */
export interface ParseContainer {
  /** Metadata of every line: facts of the pod. */
  readonly facts: readonly MetadataPair[];
  readonly values: LabelValues;
}

interface WrittenPair {
  readonly name: string;
  readonly encoded: Uint8Array;
  /** Null for a fact of the pod. */
  readonly source: ValueSource | null;
  readonly value: string;
}

/** One for the whole agent: lines are written one at a time. */
const writer = new MetadataWriter();
const none: MetadataPair[] = [];

/**
 * Finds fields, level, trace ID and, where the rule says so, the time of a line, and makes labels and structured metadata of what the configuration names. It never drops a line, and never fails: what
 * is not in the expected format is counted and goes on as it is.
 */
export class ParseStage implements Stage {
  readonly #settings: FieldSettings;
  readonly #counts: FieldCounts;
  readonly #labels: LabelCache | null;
  readonly #labelValues: string[];
  readonly #metadata: readonly WrittenPair[];
  readonly #time: TimeParts = { seconds: 0, nanos: 0 };

  constructor(settings: FieldSettings, container: ParseContainer, counts: FieldCounts) {
    this.#settings = settings;
    this.#counts = counts;
    this.#labels = settings.labels.length === 0 ? null : new LabelCache(settings.labels.map(({ name }) => name), container.values);
    this.#labelValues = settings.labels.map(() => '');
    const ofFields = new Set(settings.metadata.map(({ name }) => name));
    const pairs = [
      ...settings.metadata.map(({ name, source }) => ({ name, source, value: '' })),
      ...container.facts.filter(({ name, value }) => !ofFields.has(name) && value !== '').map(({ name, value }) => ({ name, source: null, value })),
    ];
    this.#metadata = pairs.map((pair) => ({ ...pair, encoded: encodeName(pair.name) })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  take(line: LineView, next: LineSink): void {
    const { table, time } = this.#settings;
    if (table !== null) {
      this.#counts.lines++;
      // A line that breaks off has the fields that stand before that.
      line.fields = table;
      if (!table.read(line.bytes, line.start, line.end) && this.#settings.format !== 'auto') this.#counts.notInFormat++;
      line.level = this.#level(table, line);
      line.trace = this.#trace(table, line);
      if (line.level !== null) this.#counts.withLevel++;
      if (line.trace !== null) this.#counts.withTrace++;
      if (time !== null) this.#readTime(table, line);
    }
    const refused = this.#labels === null ? none : this.#label(this.#labels, table, line);
    if (this.#metadata.length > 0) this.#write(table, line);
    if (refused.length > 0) {
      this.#counts.labelValuesRefused += refused.length;
      addMetadata(line, refused);
    }
    next(line);
  }

  #level(table: FieldTable, line: LineView): LevelName | null {
    const { levels, levelMap } = this.#settings;
    for (let i = 0; i < levels.length; i++) {
      const { node, scale } = levels[i] as FieldSettings['levels'][number];
      if (!table.has(node)) continue;
      if (levelMap !== null) {
        const mapped = levelMap.get((table.text(node) ?? '').trim().toLowerCase());
        if (mapped !== undefined) return mapped;
      }
      const level = levelOfValue(table.bytes, table.start(node), table.end(node), scale);
      if (level !== null) return level;
    }
    // In JSON, words in the message say nothing about the line.
    return line.bytes[line.start] === 0x7b ? null : levelOfText(line.bytes, line.start, line.end);
  }

  #trace(table: FieldTable, line: LineView): string | null {
    const { traces } = this.#settings;
    for (let i = 0; i < traces.length; i++) {
      const node = traces[i] as number;
      if (!table.has(node)) continue;
      const trace = traceOfValue(table.bytes, table.start(node), table.end(node));
      if (trace !== null) return trace;
    }
    return traceOfText(line.bytes, line.start, line.end);
  }

  #readTime(table: FieldTable, line: LineView): void {
    for (const node of this.#settings.time?.nodes ?? []) {
      const text = table.text(node);
      if (text === undefined) continue;
      if (this.#settings.time?.read(text, this.#time, line) === true) {
        line.seconds = this.#time.seconds;
        line.nanos = this.#time.nanos;
        return;
      }
      this.#counts.badTimes++;
    }
  }

  #label(cache: LabelCache, table: FieldTable | null, line: LineView): MetadataPair[] {
    const { labels } = this.#settings;
    for (let i = 0; i < labels.length; i++) this.#labelValues[i] = valueOf((labels[i] as FieldSettings['labels'][number]).source, table, line);
    const refused: MetadataPair[] = [];
    const base: StreamLabels = line.labels;
    line.labels = cache.labels(base, this.#labelValues, refused);
    return refused;
  }

  #write(table: FieldTable | null, line: LineView): void {
    const marks = line.metadata;
    writer.begin();
    for (let i = 0; i < this.#metadata.length; i++) {
      const { encoded, source, value } = this.#metadata[i] as WrittenPair;
      if (source === null) writer.pair(encoded, value);
      else if (source.kind === 'level') writer.pair(encoded, line.level ?? '');
      else if (source.kind === 'trace') writer.pair(encoded, line.trace ?? '');
      else if (table?.has(source.node) === true) {
        if (table.kind(source.node) === escapedValue) writer.pair(encoded, table.text(source.node) ?? '');
        else writer.range(encoded, table.bytes, table.start(source.node), table.end(source.node));
      }
    }
    this.#counts.valuesCut += writer.cut;
    writer.cut = 0;
    const written = writer.end();
    if (written === null) return;
    line.metadata = written;
    // What was there before (a line that was cut) is rare.
    if (marks !== null) addMetadata(line, decodeMetadata(marks, 0, marks.length));
  }
}

function valueOf(source: ValueSource, table: FieldTable | null, line: LineView): string {
  if (source.kind === 'level') return line.level ?? '';
  if (source.kind === 'trace') return line.trace ?? '';
  return table?.text(source.node) ?? '';
}
