export type { Appended, Journal, JournalBounds, JournalRecord, Lease, Position } from './port.ts';
