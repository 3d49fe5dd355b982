import { Detector, packRows, parseQuery, type Detected, type DetectionRows, type DetectionTask, type Engine } from '../logql/mod.ts';
import { SpoorError, type Limits } from '../model/mod.ts';

/** Worker threads that run Detections; a lane is always the same thread. */
export interface DetectionPool {
  readonly lanes: number;
  /** Works on rows of a detection, which begins with the first call, that with `task`; false where no more rows are wanted. */
  detect(lane: number, detection: number, task: DetectionTask | null, rows: DetectionRows): Promise<boolean>;
  /** Ends a detection. */
  detected(lane: number, detection: number): Promise<Detected | null>;
}

/** Of which rows the fields are asked for: the newest `lineLimit` that the query answers. Times are nanoseconds; the end is not included. */
export interface FieldQuery {
  /** One, or several joined. */
  readonly tenant: string;
  readonly limits: Limits;
  readonly query: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly lineLimit: number;
}

let detections = 0;

/** Finds out which fields the rows of a log query have, and which values a field has. */
export class FieldQuerier {
  readonly #engine: Pick<Engine, 'query'>;
  readonly #pool: DetectionPool;

  constructor(engine: Pick<Engine, 'query'>, pool: DetectionPool) {
    this.#engine = engine;
    this.#pool = pool;
  }

  /** Throws what the query throws, and `bad_request` for one that is no log query. */
  async detect(task: DetectionTask, { query, lineLimit, ...rest }: FieldQuery, signal: AbortSignal): Promise<Detected> {
    const expr = parseQuery(query);
    if (expr.kind !== 'log_query') throw new SpoorError('bad_request', { reason: 'only log selector is supported' });
    // Loki checks this limit before all others here.
    const max = rest.limits.max_entries_limit_per_query;
    if (max > 0 && lineLimit > max) throw new SpoorError('max_entries_limit', { limit: lineLimit, max });
    const result = await this.#engine.query({ ...rest, query: expr, kind: 'range', stepNs: 1_000_000_000n, intervalNs: 0n, direction: 'backward', limit: lineLimit }, signal);
    const rows = result.resultType === 'streams' ? result : { labels: [], rows: [] };
    const detection = ++detections;
    const lane = detection % this.#pool.lanes;
    let first: DetectionTask | null = task;
    let found: Detected | null = null;
    try {
      for (const pack of packRows(rows)) {
        const more = this.#pool.detect(lane, detection, first, pack);
        first = null;
        if (!(await more)) break;
        signal.throwIfAborted();
      }
    } finally {
      // Also where it failed, so that the thread forgets it.
      if (first === null) found = await this.#pool.detected(lane, detection);
    }
    signal.throwIfAborted();
    return found ?? (task.kind === 'fields' ? { kind: 'fields', fields: [] } : { kind: 'values', values: [] });
  }
}

/** The detections under way in one worker thread. Blocking calls. */
export class Detections {
  readonly #detectors = new Map<number, Detector>();

  /** See DetectionPool. */
  add(detection: number, task: DetectionTask | null, rows: DetectionRows): boolean {
    let detector = this.#detectors.get(detection);
    if (detector === undefined) {
      if (task === null) throw new TypeError(`detection ${detection} was not begun`);
      detector = new Detector(task);
      this.#detectors.set(detection, detector);
    }
    return detector.add(rows);
  }

  finish(detection: number): Detected | null {
    const detector = this.#detectors.get(detection);
    this.#detectors.delete(detection);
    return detector?.finish() ?? null;
  }
}
