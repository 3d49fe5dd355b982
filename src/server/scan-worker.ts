import { workerData } from 'node:worker_threads';
import type { DetectionRows, DetectionTask, ScanTask } from '../logql/mod.ts';
import { systemClock } from '../model/mod.ts';
import { Detections, packBatch, ScanSessions, SegmentCache, UnitUnpacker, type PackedUnit } from '../querier/mod.ts';
import { answerCalls } from './answer-calls.ts';
import { BlockingIo } from './blocking-io.ts';
import type { ScanThreadData } from './pools.ts';

const { io, segmentCacheBytes } = workerData as ScanThreadData;
const sessions = new ScanSessions(new SegmentCache(new BlockingIo(io, systemClock), segmentCacheBytes));
const units = new UnitUnpacker();
const detections = new Detections();

/** A thread that runs scans. */
answerCalls({
  scanAdd: (scan: number, task: ScanTask | null, packed: PackedUnit) => ({ result: sessions.add(scan, task, units.unpack(packed)), transfer: [] }),
  scanFinish: (scan: number) => {
    const result = sessions.finish(scan);
    if (result?.kind !== 'batch') return { result, transfer: [] };
    const { packed, buffers } = packBatch(result);
    return { result: packed, transfer: buffers };
  },
  detect: (detection: number, task: DetectionTask | null, rows: DetectionRows) => ({ result: detections.add(detection, task, rows), transfer: [] }),
  detected: (detection: number) => ({ result: detections.finish(detection), transfer: [] }),
});
