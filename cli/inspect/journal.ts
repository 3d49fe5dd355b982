import { inspectJournal, nodeFiles, type InspectedJournal, type InspectedRecord } from '../../src/journal/mod.ts';
import { formatRfc3339 } from '../../src/model/mod.ts';
import type { Terminal } from '../terminal.ts';
import type { InspectOptions, Report } from './run.ts';
import { bytesText, countText, damageText, jsonText, moreText, plural, shown, tableText } from './text.ts';

const listed = { records: 20 };

/** What is kept of a record. */
interface RecordSummary {
  readonly position: number;
  readonly offset: number;
  readonly bytes: number;
  readonly timeMs: number;
  readonly id: string;
  /** Of a record that can be read. */
  readonly tenant: string | null;
  readonly streams: number;
  readonly rows: number;
  readonly lineBytes: number;
  readonly metadataBytes: number;
  readonly minNs: bigint | null;
  readonly maxNs: bigint | null;
}

interface TenantSum {
  records: number;
  rows: number;
  bytes: number;
  minNs: bigint | null;
  maxNs: bigint | null;
}

/** Explains a file of journal records. */
export async function inspectJournalFile(path: string, terminal: Terminal, { json, all }: InspectOptions): Promise<Report> {
  const file = await nodeFiles.open(path, 'read');
  try {
    const records: RecordSummary[] = [];
    const journal = await inspectJournal(file, path, (record) => records.push(summaryOf(record)));
    const { damage, rest, header, fileBytes, end } = journal;
    const found = rest === null || rest.torn ? damage : [...damage, { offset: end, reason: rest.reason }];
    const { salt: _, ...shownHeader } = header;
    const text = json ? jsonText({ file: path, kind: 'journal', bytes: fileBytes, ...shownHeader, tornBytes: rest?.torn === true ? fileBytes - end : 0, damage: found, records }) : journalText(path, journal, records, found, terminal, all);
    return { text, damage: found.length };
  } finally {
    await file.close();
  }
}

function summaryOf({ position, offset, bytes, timeMs, id, batch }: InspectedRecord): RecordSummary {
  let [minNs, maxNs]: [bigint | null, bigint | null] = [null, null];
  for (const timeNs of batch?.timeNs ?? []) {
    if (minNs === null || timeNs < minNs) minNs = timeNs;
    if (maxNs === null || timeNs > maxNs) maxNs = timeNs;
  }
  return {
    position, offset, bytes, timeMs, id, minNs, maxNs, tenant: batch?.tenant ?? null, streams: batch?.streams.length ?? 0, rows: batch?.rows ?? 0, lineBytes: batch?.lines.length ?? 0, metadataBytes: batch?.metadata.length ?? 0,
  };
}

function tenantsOf(records: readonly RecordSummary[]): Map<string, TenantSum> {
  const tenants = new Map<string, TenantSum>();
  for (const { tenant, rows, bytes, minNs, maxNs } of records) {
    if (tenant === null) continue;
    let sum = tenants.get(tenant);
    if (sum === undefined) tenants.set(tenant, (sum = { records: 0, rows: 0, bytes: 0, minNs: null, maxNs: null }));
    sum.records++;
    sum.rows += rows;
    sum.bytes += bytes;
    if (minNs !== null && (sum.minNs === null || minNs < sum.minNs)) sum.minNs = minNs;
    if (maxNs !== null && (sum.maxNs === null || maxNs > sum.maxNs)) sum.maxNs = maxNs;
  }
  return tenants;
}

const timeText = (timeNs: bigint | null): string => (timeNs === null ? '' : formatRfc3339(timeNs));
const millisecondsText = (timeMs: number): string => formatRfc3339(BigInt(timeMs) * 1_000_000n);

function journalText(path: string, { header, fileBytes, end, rest }: InspectedJournal, records: readonly RecordSummary[], damage: readonly { readonly offset: number; readonly reason: string }[], terminal: Terminal, all: boolean): string {
  const c = terminal.colors;
  let text = `${c.bold(`journal ${path}`)}\n${bytesText(fileBytes)}, partition ${header.partition}, made at ${millisecondsText(header.createdMs)}: `;
  text += records.length === 0 ? `no records; the first will be ${header.first}\n` : `${plural(records.length, 'record')}, positions ${header.first} to ${header.first + records.length - 1}, ${plural(records.reduce((sum, { rows }) => sum + rows, 0), 'row')}\n`;
  text += header.previousFirst === 0 ? 'the first file of its partition\n' : `follows the file of position ${header.previousFirst}, which ends at byte ${header.previousLength}\n`;
  if (rest?.torn === true) {
    text += c.yellow(`what stands from byte ${end} on (${plural(fileBytes - end, 'byte')}) is no record: ${rest.reason}. Nothing shows that it was ever durable: a write that a crash cut short, or that failed. `);
    text += c.yellow('It counts for nothing where this is the last file of its partition, or the next one says that this one ends there.\n');
  }
  text += damageText(terminal, damage, 'every record is whole');

  const tenants = [...tenantsOf(records)];
  if (tenants.length > 0)
    text += `\n${c.bold('tenants')}\n${tableText(terminal, [{ title: 'tenant' }, { title: 'records', right: true }, { title: 'rows', right: true }, { title: 'bytes', right: true }, { title: 'from' }, { title: 'to' }],
      tenants.map(([tenant, sum]) => [shown(tenant, 60) || '""', countText(sum.records), countText(sum.rows), bytesText(sum.bytes), timeText(sum.minNs), timeText(sum.maxNs)]))}`;
  const some = all ? records : records.slice(0, listed.records);
  if (some.length > 0)
    text += `\n${c.bold('records')}\n${tableText(terminal, [{ title: 'position', right: true }, { title: 'offset', right: true }, { title: 'bytes', right: true }, { title: 'appended' }, { title: 'tenant' }, { title: 'streams', right: true }, { title: 'rows', right: true }, { title: 'from' }, { title: 'to' }, { title: 'id' }],
      some.map((record) => [String(record.position), String(record.offset), bytesText(record.bytes), millisecondsText(record.timeMs), record.tenant === null ? '?' : shown(record.tenant, 30) || '""', countText(record.streams), countText(record.rows), timeText(record.minNs), timeText(record.maxNs), shown(record.id, 36)]))}`;
  return text + moreText(records.length, some.length, 'records');
}
