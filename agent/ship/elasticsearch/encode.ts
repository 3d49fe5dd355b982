import { hash } from 'node:crypto';
import type { Batch, StreamLabels } from '../../buffer/batch.ts';
import { levelNames, spanNames, traceNames } from '../otlp/attributes.ts';
import { eachPair, lineText, timeText } from '../rows.ts';

/** Labels of the agent → fields of the Elastic Common Schema; other labels and metadata are `labels.<name>`. */
const fieldNames: ReadonlyMap<string, string> = new Map([
  ['namespace', 'kubernetes.namespace'], ['pod', 'kubernetes.pod.name'], ['pod_uid', 'kubernetes.pod.uid'], ['container', 'kubernetes.container.name'], ['node', 'kubernetes.node.name'],
  ['node_name', 'kubernetes.node.name'], ['cluster', 'orchestrator.cluster.name'], ['app', 'service.name'], ['service_name', 'service.name'], ['stream', 'stream'], ['host', 'host.name'],
  ...levelNames.map((name) => [name, 'log.level'] as const), ...traceNames.map((name) => [name, 'trace.id'] as const), ...spanNames.map((name) => [name, 'span.id'] as const),
]);

interface StreamParts {
  /** `"field":"value",…` of the labels. */
  readonly fields: string;
  readonly names: ReadonlySet<string>;
  /** `"_index":"…"`. */
  readonly index: string;
  /** What makes IDs of equal lines of different streams differ. */
  readonly identity: string;
}

/**
 * Turns batches into bodies of `_bulk`: for each row `create` with an ID that is a hash of stream, time, line and metadata, and a document. The same line always has the same ID, so that one that
 * is sent again is answered 409 and stored once.
 */
export class BulkEncoder {
  readonly #indexTemplate: string;
  readonly #streams = new WeakMap<StreamLabels, StreamParts>();
  #scratch = Buffer.allocUnsafe(4096);

  /** @param index name of the index or data stream; `{label}` is replaced by the label's value */
  constructor(index: string) {
    this.#indexTemplate = index;
  }

  /** The body for rows of a batch. */
  encode(batch: Batch, rows: Uint32Array): Buffer {
    const pieces: Buffer[] = [];
    let text = '';
    for (let i = 0; i < rows.length; i++) {
      text += this.#row(batch, rows[i] as number);
      if (text.length < pieceLength) continue;
      pieces.push(Buffer.from(text));
      text = '';
    }
    pieces.push(Buffer.from(text));
    return Buffer.concat(pieces);
  }

  #row(batch: Batch, row: number): string {
    const parts = this.#partsOf(batch.streams[batch.stream[row] as number] as StreamLabels);
    let fields = parts.fields;
    let seen: Set<string> | null = null;
    eachPair(batch, row, (name, value) => {
      const known = fieldNames.get(name);
      const field = known === undefined || parts.names.has(known) || seen?.has(known) === true ? `labels.${name}` : known;
      // A document with one key twice is refused.
      if (parts.names.has(field) || seen?.has(field) === true) return;
      (seen ??= new Set()).add(field);
      fields += `,${JSON.stringify(field)}:${JSON.stringify(value)}`;
    });
    return `{"create":{${parts.index},"_id":"${this.#id(batch, row, parts.identity)}"}}\n{"@timestamp":"${timeText(batch, row)}","message":${JSON.stringify(lineText(batch, row))}${fields}}\n`;
  }

  #id(batch: Batch, row: number, identity: string): string {
    const lineStart = batch.lineStart[row] as number;
    const lineEnd = batch.lineStart[row + 1] as number;
    const metadataStart = batch.metadataStart[row] as number;
    const metadataEnd = batch.metadataStart[row + 1] as number;
    const length = 44 + 12 + 4 + (lineEnd - lineStart) + (metadataEnd - metadataStart);
    if (this.#scratch.length < length) this.#scratch = Buffer.allocUnsafe(length * 2);
    const bytes = this.#scratch;
    let at = bytes.write(identity, 0, 'latin1');
    at = bytes.writeDoubleLE(batch.seconds[row] as number, at);
    at = bytes.writeUInt32LE(batch.nanos[row] as number, at);
    at = bytes.writeUInt32LE(lineEnd - lineStart, at);
    at += batch.lines.copy(bytes, at, lineStart, lineEnd);
    at += batch.metadata.copy(bytes, at, metadataStart, metadataEnd);
    return hash('sha256', bytes.subarray(0, at), 'base64url').slice(0, idLength);
  }

  #partsOf(stream: StreamLabels): StreamParts {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const names = new Set<string>();
    let fields = '';
    for (const { name, value } of stream.labels) {
      const ecs = fieldNames.get(name);
      const field = ecs === undefined || names.has(ecs) ? `labels.${name}` : ecs;
      names.add(field);
      fields += `,${JSON.stringify(field)}:${JSON.stringify(value)}`;
    }
    const parts: StreamParts = {
      fields, names, index: `"_index":${JSON.stringify(indexName(this.#indexTemplate, stream))}`,
      identity: hash('sha256', JSON.stringify([stream.tenant ?? '', stream.labels.map(({ name, value }) => [name, value])]), 'base64url'),
    };
    this.#streams.set(stream, parts);
    return parts;
  }
}

/** 180 bits: two different lines have the same ID once in 10^54. */
const idLength = 30;
const pieceLength = 64 * 1024;

/** The name with labels filled in; what may not stand in the name of an index becomes `-`. */
export function indexName(template: string, stream: StreamLabels): string {
  const name = template.replaceAll(/\{(\w+)\}/g, (_, label: string) => stream.labels.find((one) => one.name === label)?.value ?? 'none');
  return name === template ? name : name.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '-').replace(/^[-_.]+/, '').slice(0, 255);
}
