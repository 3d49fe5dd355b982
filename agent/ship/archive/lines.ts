import type { Batch } from '../../buffer/batch.ts';
import type { JsonRows } from '../json-row.ts';

/** How an archive holds lines: as JSON with time, labels and metadata, or as they are. */
export type ArchiveFormat = 'json' | 'line';

const newline = Buffer.from('\n');
const pieceLength = 64 * 1024;

/** The bytes of rows in an archive, one line each. */
export function archiveBytes(json: JsonRows, format: ArchiveFormat, batch: Batch, rows: Uint32Array): Buffer {
  const pieces: Buffer[] = [];
  if (format === 'line') {
    for (const row of rows) pieces.push(batch.lines.subarray(batch.lineStart[row], batch.lineStart[row + 1]), newline);
    return Buffer.concat(pieces);
  }
  let text = '';
  for (const row of rows) {
    text += `${json.row(batch, row)}\n`;
    if (text.length < pieceLength) continue;
    pieces.push(Buffer.from(text));
    text = '';
  }
  pieces.push(Buffer.from(text));
  return Buffer.concat(pieces);
}
