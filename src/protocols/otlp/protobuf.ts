import { labelSet, SpoorError, type Label } from '../../model/mod.ts';
import { RawBatchBuilder, type RawBatch } from '../batch.ts';
import type { PushBodyLimits } from '../limits.ts';
import { LabelCache } from '../loki/label-cache.ts';
import { AttributeReader, SharedPairs } from './attributes.ts';
import type { OtlpMapping } from './mapping.ts';
import { AttributeNames } from './names.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { RecordReader } from './record.ts';
import { Room } from './room.ts';
import { ValueWriter } from './value.ts';

/** Work between two yields, in bytes; a pair of metadata counts as 16. */
const yieldWork = 65_536;
/** What a resource costs beside its records, in the same measure. */
const resourceWork = 1024;

/** What an export holds. */
export interface OtlpPush {
  readonly batch: RawBatch;
  /** Bytes of lines and metadata of all entries, those of resource and scope counted for each. */
  readonly expandedBytes: number;
  /** What was left out of records that are stored all the same; '' where nothing was. */
  readonly warning: string;
}

/** What an export is read with. */
export interface OtlpOptions {
  readonly limits: PushBodyLimits;
  readonly mapping: OtlpMapping;
  /** The time of records that have none; each later one is a nanosecond later. */
  readonly nowNs: bigint;
  readonly backfillShard: string;
}

const cache = new LabelCache();

/**
 * Walks a protobuf ExportLogsServiceRequest (opentelemetry/proto/collector/logs/v1) and maps it as Loki does (docs/formats/otlp.md): a line for each body; labels from the resource and
 * what the tenant's `otlp_config` names; everything else as structured metadata, in the order record attributes, record fields, resource, scope, of which the last of a name counts.
 * The batch points into a copy of the body, behind which stand the texts that the body does not have. Throws `push_protobuf` and `push_too_many`.
 */
export function* decodeOtlpProtobuf(body: Buffer, options: OtlpOptions): Generator<void, OtlpPush> {
  const decoder = new OtlpDecoder(body, options);
  try {
    return yield* decoder.run();
  } catch (error) {
    decoder.release();
    throw error;
  }
}

class OtlpDecoder {
  readonly #reader: ProtobufReader;
  readonly #room: Room;
  readonly #rows: RawBatchBuilder;
  readonly #attributes: AttributeReader;
  readonly #record: RecordReader;
  readonly #options: OtlpOptions;
  /** Metadata of the resource, behind which stand those of the scope. */
  readonly #shared = new SharedPairs();
  #yieldAt = yieldWork;
  #work = 0;
  /** Bytes of lines and metadata of all entries, those of resource and scope counted for each. */
  #expanded = 0;
  // The stream of the entries at hand.
  #labels: readonly Label[] = [];
  #firstRow = 0;

  constructor(body: Buffer, options: OtlpOptions) {
    this.#options = options;
    this.#reader = new ProtobufReader(body);
    this.#room = new Room(body, options.limits.rawBytesMax);
    this.#rows = new RawBatchBuilder(options.limits, body.length >>> 7);
    const value = new ValueWriter(this.#reader, this.#room);
    this.#attributes = new AttributeReader(this.#reader, this.#room, value, new AttributeNames(this.#reader, this.#room, options.mapping), this.#rows, options.limits.entryPairsMax);
    this.#record = new RecordReader(this.#reader, this.#room, value, this.#attributes, this.#rows, options);
  }

  release(): void {
    this.#room.release();
  }

  *run(): Generator<void, OtlpPush> {
    const reader = this.#reader;
    const end = reader.bytes.length;
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === 0x0a) yield* this.#resourceLogs(reader.lengthEnd(end));
      else reader.skipField(tag, end, 'ExportLogsServiceRequest', 0b10);
    }
    const batch = this.#rows.finish(this.#room.bytes.subarray(0, this.#room.used), this.#options.backfillShard);
    const room = this.#room;
    return {
      batch: {
        ...batch,
        release: () => {
          batch.release();
          room.release();
        },
      },
      expandedBytes: this.#expanded,
      warning: this.#warning(),
    };
  }

  *#resourceLogs(end: number): Generator<void, void> {
    const reader = this.#reader;
    const attributes = this.#attributes;
    const start = reader.at;
    attributes.labels = new Map();
    this.#shared.truncate(0);
    attributes.shared = this.#shared;
    // The resource first, wherever it stands.
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === 0x0a) this.#resource(reader.lengthEnd(end));
      else if (tag === 0x12 || tag === 0x1a) reader.at = reader.lengthEnd(end);
      else reader.skipField(tag, end, 'ResourceLogs', 0b1110);
    }
    attributes.shared = null;
    const ofResource = attributes.labels;
    this.#serviceName(ofResource);
    const labels = this.#labelsOf(ofResource);
    this.#labels = labels;
    this.#firstRow = this.#rows.rows;
    reader.at = start;
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === 0x12) yield* this.#scopeLogs(reader.lengthEnd(end), ofResource, labels);
      else reader.skipField(tag, end, 'ResourceLogs', 0);
    }
    this.#endStream();
    this.#yieldAt -= resourceWork;
  }

  #resource(end: number): void {
    const reader = this.#reader;
    for (let place = 0; reader.at < end; ) {
      const tag = reader.varint(end);
      if (tag === 0x0a) {
        const pairEnd = reader.lengthEnd(end);
        this.#attributes.read('resource', place++, pairEnd, '');
        reader.at = pairEnd;
      } else if (tag === 0x10) reader.varint(end);
      else reader.skipField(tag, end, 'Resource', 0b110);
    }
  }

  /** Adds service_name where no service.name was sent. */
  #serviceName(labels: Map<string, string>): void {
    const { serviceLabels } = this.#options.mapping;
    if (serviceLabels.length === 0 || (labels.get('service_name') ?? '') !== '') return;
    const source = serviceLabels.find((name) => (labels.get(name) ?? '') !== '');
    labels.set('service_name', source === undefined ? 'unknown_service' : labels.get(source)!);
  }

  *#scopeLogs(end: number, ofResource: ReadonlyMap<string, string>, labels: readonly Label[]): Generator<void, void> {
    const reader = this.#reader;
    const start = reader.at;
    const resourcePairs = this.#shared.count;
    this.#attributes.shared = this.#shared;
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === 0x0a) this.#record.scope(reader.lengthEnd(end));
      else if (tag === 0x12 || tag === 0x1a) reader.at = reader.lengthEnd(end);
      else reader.skipField(tag, end, 'ScopeLogs', 0b1110);
    }
    this.#attributes.shared = null;
    reader.at = start;
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag !== 0x12) {
        reader.skipField(tag, end, 'ScopeLogs', 0);
        continue;
      }
      this.#logRecord(reader.lengthEnd(end), ofResource, labels);
      if (reader.at + this.#work >= this.#yieldAt) {
        yield;
        this.#yieldAt = reader.at + this.#work + yieldWork;
      }
    }
    this.#shared.truncate(resourcePairs);
  }

  #logRecord(end: number, ofResource: ReadonlyMap<string, string>, labels: readonly Label[]): void {
    const rows = this.#rows;
    const attributes = this.#attributes;
    const shared = this.#shared;
    const indexes = this.#options.mapping.labelsOfRecords;
    if (indexes) attributes.labels = new Map();
    attributes.bytes = 0;
    this.#record.read(end);
    rows.addPairs(shared.pairs, shared.count);
    this.#work += shared.count * 16 + 64;
    this.#expanded += this.#record.lineLength + attributes.bytes + shared.bytes;
    if (this.#expanded > this.#options.limits.rawBytesMax) {
      throw new SpoorError('push_too_many', { limit: this.#options.limits.rawBytesMax, what: 'bytes once each record has the attributes of its resource and scope', name: 'push.raw_bytes_max' });
    }
    if (!indexes) return;
    const own = attributes.labels.size === 0 ? labels : this.#labelsOf(new Map([...ofResource, ...attributes.labels]));
    if (own === this.#labels) return;
    const row = rows.rows - 1;
    if (row > this.#firstRow) rows.endStream(this.#labels, this.#firstRow, row);
    this.#labels = own;
    this.#firstRow = row;
  }

  #endStream(): void {
    if (this.#rows.rows > this.#firstRow) this.#rows.endStream(this.#labels, this.#firstRow);
  }

  /** A label set, the same array for the same labels. */
  #labelsOf(labels: ReadonlyMap<string, string>): readonly Label[] {
    let key = '';
    for (const [name, value] of labels) key += `${name}\0${value}\0`;
    const { labelsBytesMax } = this.#options.limits;
    if (key.length > labelsBytesMax) throw new SpoorError('push_too_many', { limit: labelsBytesMax, what: 'bytes of labels in one stream', name: 'push.labels_bytes_max' });
    const known = cache.get(key);
    if (known !== undefined) return known;
    const set = labelSet(labels);
    cache.set(key, set);
    return set;
  }

  #warning(): string {
    const { unusable, unusableCount } = this.#attributes;
    if (unusableCount === 0) return '';
    return `attributes left out, as no label name can be made of theirs (${unusableCount}): ${[...unusable.keys()].map((name) => JSON.stringify(name)).join(', ')}`;
  }
}
