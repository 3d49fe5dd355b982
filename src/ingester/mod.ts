export { viewHeadBlock, type HeadBlock, type HeadBlockMemory, type HeadBlockView, type StreamExtent } from './head/block.ts';
export { Generation, type HeadStream } from './head/generation.ts';
export { OrderedRows } from './head/order.ts';
export { headRows, inWindows, type HeadPiece, type TimeWindow } from './head/rows.ts';
export { Ingester, type HeadSnapshot, type IngesterParts, type IngesterStats, type ReadSnapshot } from './ingester.ts';
export { defaultIngesterSettings, type FlushHook, type FlushStep, type IngesterLog, type IngesterSettings, type SealPool } from './ports.ts';
export { seal, type SealResult, type SealTask } from './seal.ts';
