export { DiskJournal, diskJournalDefaults, openDiskJournal, type DiskJournalOptions } from './disk.ts';
export { nodeFiles, type JournalFile, type JournalFiles } from './files.ts';
export { inspectJournal, type InspectedJournal, type InspectedRecord } from './inspect.ts';
export type { Appended, Journal, JournalBounds, JournalRecord, Lease, Position } from './port.ts';
export { decodeRecord, encodeRecord, recordBytesMax, recordId } from './record.ts';
