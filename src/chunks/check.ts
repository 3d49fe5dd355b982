import { packedBytes } from './encodings/packed.ts';
import { columnIds, columnName, encodingIds } from './format.ts';
import { segmentLimits } from './limits.ts';
import type { PageMeta, RowGroupMeta } from './meta.ts';

const numberColumns: readonly number[] = [
  columnIds.runStream, columnIds.runRows, columnIds.time, columnIds.lineLength, columnIds.metadataLength, columnIds.metadataCode,
  columnIds.position, columnIds.index, columnIds.partition, columnIds.template,
];
const numberEncodings: readonly number[] = [encodingIds.constant, encodingIds.frame, encodingIds.delta];

/** The most that a page of `values` numbers takes: two packed parts of 8 bytes for each number. */
function numberPageBytesMax(values: number): number {
  return packedBytes(8, values) + packedBytes(8, 0) + 8;
}

/** What is wrong with a row group's directory: columns missing or twice, counts that do not add up. Undefined where all is well. */
export function checkRowGroup(group: RowGroupMeta): string | undefined {
  const { rows, runs, lineBytes, metadataBytes } = group;
  if (rows === 0 || runs === 0) return 'a row group has no rows';
  if (rows > 1 && (lineBytes > segmentLimits.rowGroupLineBytesMax || metadataBytes > segmentLimits.rowGroupMetadataBytesMax))
    return `a row group has ${lineBytes} bytes of lines and ${metadataBytes} of metadata, over the limits (rowGroupLineBytesMax, rowGroupMetadataBytesMax)`;
  const columns = new Map<number, PageMeta[]>();
  for (const page of group.pages) {
    const pages = columns.get(page.column);
    if (pages === undefined) columns.set(page.column, [page]);
    else pages.push(page);
  }
  for (const column of numberColumns) {
    const wrong = checkNumbers(column, columns.get(column) ?? [], group);
    if (wrong !== undefined) return wrong;
  }
  for (const column of [columnIds.labels, columnIds.shapes, columnIds.value, columnIds.pool]) if (columns.has(column)) return `${columnName(column)} inside a row group`;
  if (group.shapes !== null) {
    const [plain] = [columnIds.line, columnIds.metadata, columnIds.metadataLength, columnIds.metadataCode, columnIds.metadataDictionary].filter((column) => columns.has(column));
    if (plain !== undefined) return `a shredded row group has ${columnName(plain)}`;
    return columns.has(columnIds.template) ? undefined : 'template is missing';
  }
  if (columns.has(columnIds.template)) return 'a row group has templates but no shapes';
  const wrong = checkPlain(columnIds.line, columns.get(columnIds.line) ?? [], rows, lineBytes);
  if (wrong !== undefined) return wrong;
  return checkMetadata(columns, rows, metadataBytes);
}

function checkNumbers(column: number, pages: readonly PageMeta[], group: RowGroupMeta): string | undefined {
  const ofRuns = column === columnIds.runStream || column === columnIds.runRows;
  const optional = column === columnIds.metadataLength || column === columnIds.metadataCode || column === columnIds.template;
  const [page] = pages;
  if (page === undefined) return optional ? undefined : `${columnName(column)} is missing`;
  if (pages.length > 1) return `${columnName(column)} is there twice`;
  const values = ofRuns ? group.runs : group.rows;
  if (page.values !== values) return `${columnName(column)} has ${page.values} values instead of ${values}`;
  if (!numberEncodings.includes(page.encoding)) return `encoding ${page.encoding} is none for ${columnName(column)}`;
  if (page.rawBytes > numberPageBytesMax(values)) return `${columnName(column)} has ${page.rawBytes} bytes for ${values} numbers`;
  if (page.range === null) return `${columnName(column)} has no range`;
  if (page.encoding === encodingIds.constant && page.range.min !== page.range.max) return `${columnName(column)} is no constant`;
  if (column === columnIds.time && (page.range.min !== group.minTime || page.range.max !== group.maxTime)) return 'range of time is not that of its row group';
  return undefined;
}

function checkPlain(column: number, pages: readonly PageMeta[], rows: number, bytes: number): string | undefined {
  let values = 0;
  let rawBytes = 0;
  for (const page of pages) {
    if (page.encoding !== encodingIds.plain) return `encoding ${page.encoding} is none for ${columnName(column)}`;
    if (page.values === 0) return `a page of ${columnName(column)} has no values`;
    values += page.values;
    rawBytes += page.rawBytes;
  }
  return values === rows && rawBytes === bytes ? undefined : `${columnName(column)} has ${values} values of ${rawBytes} bytes instead of ${rows} of ${bytes}`;
}

function checkMetadata(columns: ReadonlyMap<number, readonly PageMeta[]>, rows: number, bytes: number): string | undefined {
  const plain = columns.get(columnIds.metadata) ?? [];
  const dictionaries = columns.get(columnIds.metadataDictionary) ?? [];
  const hasLengths = columns.has(columnIds.metadataLength);
  const hasCodes = columns.has(columnIds.metadataCode);
  if (hasLengths !== plain.length > 0 || hasCodes !== dictionaries.length > 0) return 'metadata is incomplete';
  if (bytes === 0) return hasLengths || hasCodes ? 'there is metadata of no bytes' : undefined;
  if (hasLengths && hasCodes) return 'metadata is there twice';
  if (hasLengths) return checkPlain(columnIds.metadata, plain, rows, bytes);
  const [dictionary] = dictionaries;
  if (dictionary === undefined) return 'metadata is missing';
  if (dictionaries.length > 1 || dictionary.encoding !== encodingIds.dictionary) return 'the dictionary of metadata is none';
  const fits = dictionary.values <= rows && dictionary.rawBytes <= numberPageBytesMax(dictionary.values) + bytes;
  return fits ? undefined : `a dictionary of ${dictionary.values} entries in ${dictionary.rawBytes} bytes for ${rows} rows with ${bytes} bytes of metadata`;
}
