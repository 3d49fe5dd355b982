export { DiskJournal, diskJournalDefaults, openDiskJournal, type DiskJournalOptions } from './disk.ts';
export { nodeFiles, type JournalFile, type JournalFiles } from './files.ts';
export { inspectJournal, type InspectedJournal, type InspectedRecord } from './inspect.ts';
export { LabelSets } from './label-sets.ts';
export type { Appended, Journal, JournalBounds, JournalRecord, Lease, Position } from './port.ts';
export { RecordBuilder, type RecordRoom } from './record-builder.ts';
export { decodeRecord, encodeRecord, encodeStreamLabels, encodeTenant, recordBytesMax, recordId } from './record.ts';
