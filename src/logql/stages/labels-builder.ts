import type { Label, LabelSet } from '../../model/mod.ts';
import type { OutputLabels } from '../source.ts';
import { allLabels, type LabelNeeds } from './hints.ts';
import { byName, LabelTables, type GroupedLabels, type InternedLabels, type StreamEntry } from './label-tables.ts';
import { LabelSlot, type FilterWhileParsing, type LabelCategory } from './label-slot.ts';
import { MetadataNames } from './metadata-names.ts';
import { TextCache, type TextForm } from './text-cache.ts';

export const errorLabel = '__error__';
export const errorDetailsLabel = '__error_details__';
export const duplicateSuffix = '_extracted';

/** Names that are remembered; a scan that meets more begins anew. */
const slotsMax = 1 << 15;
const stampMax = 1 << 30;

/**
 * The labels of the row that is worked on. One per scan; a reset costs nothing and a value is made into a string only when someone asks for it.
 * The rules are those of Loki's pkg/logql/log/labels.go.
 */
export class LabelsBuilder {
  readonly needs: LabelNeeds;
  readonly cache = new TextCache();
  readonly #required: ReadonlySet<string> | null;
  readonly #slots = new Map<string, LabelSlot>();
  readonly #filters = new Map<string, FilterWhileParsing>();
  readonly #tables: LabelTables;
  readonly #metadataNames: MetadataNames;
  /** Labels set in this row, except those deleted again. */
  readonly #set: LabelSlot[] = [];
  #setCount = 0;
  readonly #deleted: LabelSlot[] = [];
  #deletedCount = 0;
  #requiredFound = 0;
  #stamp = 1;
  #streamStamp = 1;
  #stream: StreamEntry;
  #metadata: Buffer | null = null;
  #metadataStart = 0;
  #metadataEnd = 0;
  #error = '';
  #errorDetails = '';
  /** Whether a parser failed on the row of a query that groups by errors: only these it may group, those of unwrap and templates never, as in Loki. */
  #keepError = false;
  #generation = 0;
  #markCount = 0;
  #markFound = 0;
  #markError = '';
  #markDetails = '';

  constructor(needs: LabelNeeds = allLabels) {
    this.needs = needs;
    this.#required = needs.required === null || needs.required.length === 0 ? null : new Set(needs.required);
    this.#tables = new LabelTables(needs.grouping);
    this.#metadataNames = new MetadataNames((name) => this.slot(name));
    this.#stream = this.#tables.stream([]);
  }

  /** Grows when names were forgotten: slots got before are of no use then. */
  get generation(): number {
    return this.#generation;
  }

  /** The slot of a name; holding on to it saves looking it up. Valid while `generation` stays. */
  slot(name: string): LabelSlot {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = new LabelSlot(name, this.#slots.size + 1, this.wants(name), this.#filters.get(name) ?? null);
      this.#slots.set(name, slot);
    }
    return slot;
  }

  /** Has parsers ask `test` as soon as they set the label. The first one for a label counts; to be called before the first row. */
  filterWhileParsing(name: string, test: FilterWhileParsing): void {
    if (!this.needs.filterWhileParsing || this.#filters.has(name)) return;
    this.#filters.set(name, test);
    this.#slots.delete(name);
  }

  // ---- a new row ---------------------------------------------------------------------------------

  /** Begins with the rows of a stream. */
  resetStream(labels: LabelSet): void {
    this.#stream = this.#tables.stream(labels);
    this.#enterStream();
  }

  #enterStream(): void {
    this.#streamStamp++;
    for (const { name, value } of this.#stream.labels) {
      const slot = this.slot(name);
      slot.streamStamp = this.#streamStamp;
      slot.streamValue = value;
    }
  }

  /** Begins with a row of the stream; its structured metadata is bytes[start … start + length) (bytes/metadata.ts), read only when needed. */
  resetRow(metadata: Buffer | null, start: number, length: number): void {
    if (this.#slots.size > slotsMax || this.#stamp >= stampMax || this.#streamStamp >= stampMax) this.#forget();
    this.#stamp++;
    this.#setCount = 0;
    this.#deletedCount = 0;
    this.#requiredFound = 0;
    this.#error = '';
    this.#errorDetails = '';
    this.#keepError = false;
    this.#metadata = length > 0 ? metadata : null;
    this.#metadataStart = start;
    this.#metadataEnd = start + length;
  }

  #forget(): void {
    this.#slots.clear();
    this.#metadataNames.clear();
    this.#tables.forgetKeys();
    this.#generation++;
    this.#stamp = 0;
    this.#streamStamp = 0;
    this.#enterStream();
  }

  #readMetadata(): void {
    const bytes = this.#metadata;
    if (bytes === null) return;
    this.#metadata = null;
    const names = this.#metadataNames;
    let at = this.#metadataStart;
    while (at < this.#metadataEnd) {
      let slot = names.read(bytes, at, this.#metadataEnd);
      const { valueStart, valueEnd } = names;
      at = valueEnd;
      if (slot.streamStamp === this.#streamStamp) slot = this.#extracted(slot);
      if (slot.name === errorLabel) this.#error = this.cache.text(bytes, valueStart, valueEnd, 'plain');
      else if (slot.name === errorDetailsLabel) this.#errorDetails = this.cache.text(bytes, valueStart, valueEnd, 'plain');
      else {
        this.#put(slot, 'structuredMetadata');
        slot.setBytes(bytes, valueStart, valueEnd, 'plain');
      }
    }
  }

  // ---- reading -----------------------------------------------------------------------------------

  /** The label's value as filters see it: parsed, else from structured metadata, else of the stream. */
  get(name: string): string | undefined {
    const slot = this.#slots.get(name);
    if (this.#metadata !== null) {
      this.#readMetadata();
      return this.get(name);
    }
    return slot === undefined ? undefined : this.value(slot);
  }

  /** As get. */
  value(slot: LabelSlot): string | undefined {
    if (this.#metadata !== null) this.#readMetadata();
    if (slot.setStamp === this.#stamp) return slot.text(this.cache);
    if (slot.deletedStamp === this.#stamp) return undefined;
    return slot.streamStamp === this.#streamStamp ? slot.streamValue : undefined;
  }

  /** Where the label that `get` answers comes from. */
  getCategory(name: string): LabelCategory | undefined {
    if (this.#metadata !== null) this.#readMetadata();
    const slot = this.#slots.get(name);
    if (slot === undefined) return undefined;
    if (slot.setStamp === this.#stamp) return slot.category;
    return slot.deletedStamp !== this.#stamp && slot.streamStamp === this.#streamStamp ? 'stream' : undefined;
  }

  /** Names and values of all labels, not sorted, those of errors among them. */
  all(): (readonly [string, string])[] {
    if (this.#metadata !== null) this.#readMetadata();
    const pairs: (readonly [string, string])[] = [];
    for (const { name, value } of this.#stream.labels) {
      const slot = this.slot(name);
      if (slot.setStamp !== this.#stamp && slot.deletedStamp !== this.#stamp) pairs.push([name, value]);
    }
    const hasError = this.#error !== '';
    for (let i = 0; i < this.#setCount; i++) {
      const slot = this.#set[i]!;
      if (!(hasError && slot.name === errorLabel) && !(this.#errorDetails !== '' && slot.name === errorDetailsLabel)) pairs.push([slot.name, slot.text(this.cache)]);
    }
    if (this.#error !== '') pairs.push([errorLabel, this.#error]);
    if (this.#errorDetails !== '' && this.#changed()) pairs.push([errorDetailsLabel, this.#errorDetails]);
    return pairs;
  }

  /** Whether the row has no label at all, and no error. */
  get isEmpty(): boolean {
    if (this.#metadata !== null) this.#readMetadata();
    if (this.#setCount > 0 || this.#error !== '') return false;
    const { labels } = this.#stream;
    return labels.length <= this.#deletedCount && labels.every(({ name }) => this.slot(name).deletedStamp === this.#stamp);
  }

  // ---- changing ----------------------------------------------------------------------------------

  /** Sets a label. A parsed one takes the place of one from structured metadata, never the other way round. */
  set(category: 'structuredMetadata' | 'parsed', name: string, value: string): void {
    const slot = this.slot(name);
    if (this.#metadata !== null) this.#readMetadata();
    if (category === 'structuredMetadata' && slot.setStamp === this.#stamp && slot.category === 'parsed') return;
    this.#put(slot, category);
    slot.setText(value);
  }

  /** Sets a parsed label. */
  setText(slot: LabelSlot, value: string): void {
    if (this.#metadata !== null) this.#readMetadata();
    this.#put(slot, 'parsed');
    slot.setText(value);
  }

  /** Sets a parsed label to what bytes[start … end) say; the bytes must stay as they are while the row is worked on. */
  setBytes(slot: LabelSlot, bytes: Buffer, start: number, end: number, form: TextForm): void {
    if (this.#metadata !== null) this.#readMetadata();
    this.#put(slot, 'parsed');
    slot.setBytes(bytes, start, end, form);
  }

  #put(slot: LabelSlot, category: 'structuredMetadata' | 'parsed'): void {
    if (slot.setStamp !== this.#stamp) {
      slot.setStamp = this.#stamp;
      this.#set[this.#setCount++] = slot;
    }
    slot.category = category;
    if (category === 'parsed' && slot.parsedStamp !== this.#stamp) {
      slot.parsedStamp = this.#stamp;
      if (this.#required !== null && slot.wanted) this.#requiredFound++;
    }
  }

  /** Deletes a label of whatever category; also one that does not exist counts as a change. */
  delete(name: string): void {
    if (this.#metadata !== null) this.#readMetadata();
    const slot = this.slot(name);
    if (slot.setStamp === this.#stamp) {
      slot.setStamp = 0;
      const at = this.#set.indexOf(slot);
      this.#set.copyWithin(at, at + 1, this.#setCount);
      this.#setCount--;
    }
    if (slot.deletedStamp === this.#stamp) return;
    slot.deletedStamp = this.#stamp;
    this.#deleted[this.#deletedCount++] = slot;
  }

  // ---- errors ------------------------------------------------------------------------------------

  /** `JSONParserErr` and its like; "" is none. */
  get error(): string {
    if (this.#metadata !== null) this.#readMetadata();
    return this.#error;
  }

  set error(kind: string) {
    if (this.#metadata !== null) this.#readMetadata();
    this.#error = kind;
  }

  get errorDetails(): string {
    if (this.#metadata !== null) this.#readMetadata();
    return this.#errorDetails;
  }

  set errorDetails(text: string) {
    if (this.#metadata !== null) this.#readMetadata();
    this.#errorDetails = text;
  }

  get hasError(): boolean {
    return this.error !== '';
  }

  setError(kind: string, details: string): void {
    this.error = kind;
    this.#errorDetails = details;
  }

  /** The error of a parser: what it found before stays. Null details leave those of an earlier error. */
  setParserError(kind: string, details: string | null): void {
    this.error = kind;
    this.#keepError = this.needs.keepErrors;
    if (details !== null) this.#errorDetails = details;
  }

  // ---- what parsers ask --------------------------------------------------------------------------

  /** Whether the query needs a label of this name. */
  wants(name: string): boolean {
    return this.#required === null || this.#required.has(name);
  }

  /** Whether the query may need a label whose name begins so. */
  wantsPrefix(prefix: string): boolean {
    if (this.#required === null) return true;
    for (const name of this.#required) if (name.startsWith(prefix)) return true;
    return false;
  }

  /** True once all labels that the query needs were made: parsers stop then, even before an error. */
  get allFound(): boolean {
    return this.#required !== null && this.#requiredFound === this.#required.size;
  }

  /** True where a parser has nothing to do. */
  get skipsParsers(): boolean {
    return this.needs.skipParsers || this.allFound;
  }

  /** Whether the name is one of a stream label or of structured metadata of the row, so that a parsed label needs another. */
  clashes(slot: LabelSlot): boolean {
    if (this.#metadata !== null) this.#readMetadata();
    return slot.streamStamp === this.#streamStamp || (slot.setStamp === this.#stamp && slot.category === 'structuredMetadata');
  }

  /** The slot that a parser has to set for a key of this name, after clashes; null where nobody wants it or it was parsed before. */
  claim(slot: LabelSlot): LabelSlot | null {
    const target = this.clashes(slot) ? this.#extracted(slot) : slot;
    return target.wanted && target.parsedStamp !== this.#stamp ? target : null;
  }

  /** The slot for a parsed label of this name: itself, or `<name>_extracted` where it clashes. */
  parsedSlot(slot: LabelSlot): LabelSlot {
    return this.clashes(slot) ? this.#extracted(slot) : slot;
  }

  /** Whether a label of this name was parsed in this row, even if it is deleted by now. */
  wasParsed(slot: LabelSlot): boolean {
    return slot.parsedStamp === this.#stamp;
  }

  #extracted(slot: LabelSlot): LabelSlot {
    slot.extracted ??= this.slot(slot.name + duplicateSuffix);
    return slot.extracted;
  }

  /** Remembers what is set; `rollback` takes back what was set since, for a parser that begins anew. Nothing may be deleted between them. */
  mark(): void {
    if (this.#metadata !== null) this.#readMetadata();
    this.#markCount = this.#setCount;
    this.#markFound = this.#requiredFound;
    this.#markError = this.#error;
    this.#markDetails = this.#errorDetails;
  }

  rollback(): void {
    for (let i = this.#markCount; i < this.#setCount; i++) {
      const slot = this.#set[i]!;
      slot.setStamp = 0;
      slot.parsedStamp = 0;
    }
    this.#setCount = this.#markCount;
    this.#requiredFound = this.#markFound;
    this.#error = this.#markError;
    this.#errorDetails = this.#markDetails;
  }

  // ---- rows whose values stand in columns ---------------------------------------------------------

  /**
   * The parsed labels of the row, in the order in which they were set, with the bytes of the line that they are; null where one is not such bytes. Tells what a
   * parser does with the lines of a template.
   */
  traced(): readonly { readonly name: string; readonly start: number; readonly end: number }[] | null {
    const labels: { readonly name: string; readonly start: number; readonly end: number }[] = [];
    for (let i = 0; i < this.#setCount; i++) {
      const { name, range } = this.#set[i]!;
      if (range === null) return null;
      labels.push({ name, ...range });
    }
    return labels;
  }

  /** Sets a pair of structured metadata of the row, as if it stood among the bytes that resetRow is given. */
  putMetadata(slot: LabelSlot, bytes: Buffer, start: number, end: number): void {
    const target = slot.streamStamp === this.#streamStamp ? this.#extracted(slot) : slot;
    if (target.name === errorLabel) this.#error = this.cache.text(bytes, start, end, 'plain');
    else if (target.name === errorDetailsLabel) this.#errorDetails = this.cache.text(bytes, start, end, 'plain');
    else {
      this.#put(target, 'structuredMetadata');
      target.setBytes(bytes, start, end, 'plain');
    }
  }

  // ---- results -----------------------------------------------------------------------------------

  #changed(): boolean {
    return this.#setCount > 0 || this.#deletedCount > 0 || this.#error !== '';
  }

  /** The labels of the row by category; the same object for the same labels, all through the scan. */
  result(): InternedLabels {
    if (this.#metadata !== null) this.#readMetadata();
    if (!this.#changed()) return this.#tables.streamResult(this.#stream);
    return this.#tables.result(this.#key(null), () => this.#categories());
  }

  /** The series that the row belongs to; the same object for the same series. A row with an error is not grouped. */
  groupedResult(): GroupedLabels {
    if (this.#metadata !== null) this.#readMetadata();
    const { grouping } = this.needs;
    if (this.#error !== '' && !this.#keepError) return this.#tables.group(this.#key(null), () => this.#merged([]), true);
    if (grouping === null || grouping.without) {
      if (!this.#changed()) return this.#tables.streamGroup(this.#stream);
      return this.#tables.group(this.#key(grouping?.labels ?? null), () => this.#merged(grouping?.labels ?? []));
    }
    let node = this.#tables.groupRoot;
    for (const name of grouping.labels) node = node.next(this.#groupValue(name));
    return this.#tables.groupAt(node, grouping.labels);
  }

  #groupValue(name: string): string | undefined {
    if (this.#error !== '' && name === errorLabel) return this.#error;
    if (this.#error !== '' && name === errorDetailsLabel) return this.#errorDetails;
    const slot = this.slot(name);
    // Loki leaves out what was deleted even if it was set again.
    return slot.deletedStamp === this.#stamp ? undefined : this.value(slot);
  }

  /** A text that is the same only for rows with the same labels, apart from those of the names `except`. */
  #key(except: readonly string[] | null): string {
    let key = `${this.#stream.id}`;
    for (let i = 0; i < this.#deletedCount; i++) key += `-${this.#deleted[i]!.id}`;
    for (let i = 0; i < this.#setCount; i++) {
      const slot = this.#set[i]!;
      if (except !== null && except.includes(slot.name)) continue;
      const value = slot.text(this.cache);
      key += `${slot.category === 'parsed' ? '+' : '~'}${slot.id}:${value.length}:${value}`;
    }
    return this.#error === '' && this.#errorDetails === '' ? key : `${key}!${this.#error.length}:${this.#error}${this.#errorDetails}`;
  }

  #categories(): OutputLabels {
    const structuredMetadata: Label[] = [];
    const parsed: Label[] = [];
    // The same object where it can be: what is known of a stream is known by it.
    const { labels } = this.#stream;
    const own = labels.filter(({ name }) => this.getCategory(name) === 'stream');
    const stream = own.length === labels.length ? labels : own;
    for (let i = 0; i < this.#setCount; i++) {
      const slot = this.#set[i]!;
      (slot.category === 'parsed' ? parsed : structuredMetadata).push({ name: slot.name, value: slot.text(this.cache) });
    }
    if (this.#error !== '') replace(parsed, errorLabel, this.#error);
    if (this.#errorDetails !== '') replace(parsed, errorDetailsLabel, this.#errorDetails);
    return { stream, structuredMetadata: structuredMetadata.sort(byName), parsed: parsed.sort(byName) };
  }

  /** All labels but some, as one set; those that stages made empty among them. */
  #merged(except: readonly string[]): LabelSet {
    const { stream, structuredMetadata, parsed } = this.#categories();
    return [...stream, ...structuredMetadata, ...parsed].filter(({ name }) => !except.includes(name)).sort(byName);
  }
}

function replace(labels: Label[], name: string, value: string): void {
  const at = labels.findIndex((label) => label.name === name);
  if (at < 0) labels.push({ name, value });
  else labels[at] = { name, value };
}
