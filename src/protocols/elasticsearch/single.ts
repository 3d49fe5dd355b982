import { SpoorError } from '../../model/mod.ts';
import { GroupedRows } from '../grouped-rows.ts';
import { arenaFor, documentBytesMax, type BulkOptions, type BulkRequest } from './bulk.ts';
import { DocumentReader } from './document.ts';
import { BulkItems } from './items.ts';
import { JsonScan } from './json-scan.ts';
import { stableLength } from './index-name.ts';

/** Reads the body of a request that holds one document, as a bulk request of one item. Throws `elastic_bulk` where it is none. */
export function decodeDocument(body: Buffer, kind: number, id: string, options: BulkOptions): BulkRequest {
  const { limits, rules, document, index } = options;
  if (body.length === 0) throw new SpoorError('elastic_bulk', { type: 'parse_exception', reason: 'request body is required' });
  if (body.length > documentBytesMax) throw new SpoorError('body_too_large', { limit: documentBytesMax, name: 'one document' });
  const arena = arenaFor(body);
  try {
    arena.append(body);
    // What no string can hold stands behind it.
    arena.append(Buffer.from('\n'));
    const indexName = Buffer.from(index);
    const indexStart = arena.append(indexName);
    const idBytes = Buffer.from(id);
    const idStart = arena.append(idBytes);
    const scan = new JsonScan(arena, limits.jsonDepthMax);
    const rows = new GroupedRows(rules.labels, limits, 1);
    const reader = new DocumentReader(scan, rules, rows, document);
    const items = new BulkItems();
    const item = items.add(kind, items.indexId(index), idStart, idBytes.length);
    if (!reader.read(0, body.length, indexStart, stableLength(arena.bytes, indexStart, indexName.length))) {
      throw new SpoorError('elastic_bulk', { type: 'document_parsing_exception', reason: `[1:${scan.faultAt + 1}] ${scan.fault}` });
    }
    items.row[item] = 0;
    const { bytes } = arena;
    const { batch, rowOf } = rows.finish(bytes);
    items.settle(rowOf, batch.rows);
    return {
      items,
      bytes,
      batch: { ...batch, release: () => undefined },
      release: () => {
        batch.release();
        arena.release();
      },
    };
  } catch (error) {
    arena.release();
    throw error;
  }
}
