export { AggregateScanner } from './aggregate-scanner.ts';
export { createScanner } from './create.ts';
export { isCollapsing } from './log-scanner.ts';
export { mergeBatches } from './merge.ts';
export type { BlockScanner, ScanNeeds } from './scanner.ts';
export { streamOrder } from './stream-order.ts';
