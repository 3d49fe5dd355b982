import type { ScanTask } from '../logql/mod.ts';
import { ScanSessions, type LoadedUnit } from '../querier/mod.ts';
import { answerCalls } from './answer-calls.ts';

const sessions = new ScanSessions();

/** A thread that runs scans. */
answerCalls({
  scanAdd: (scan: number, task: ScanTask | null, loaded: LoadedUnit) => ({ result: sessions.add(scan, task, loaded), transfer: [] }),
  scanFinish: (scan: number) => {
    const { result, buffers } = sessions.finish(scan);
    return { result, transfer: buffers };
  },
});
