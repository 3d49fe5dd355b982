export { createScanner } from './create.ts';
export { mergeBatches } from './merge.ts';
export type { BlockScanner, ScanNeeds } from './scanner.ts';
