/** Milliseconds of work, done or expected, from which on a scan belongs to the next class: classes share their tenant's turns, a lower one gets twice as many as the next. */
const classMs = [50, 500, 5000] as const;
/** What a piece of work is taken to cost until it is done: the first of a scan; later ones cost what its last one did. */
const firstCostMs = 5;
const classes = classMs.length + 1;
/** How much a class may be ahead of the next one and still come first. */
const headStartMs = 100;

/** The right to do one piece of work. */
export interface Turn {
  /** Must be called when the work is done; more than once does nothing. `workMs` is what it took. */
  done(workMs?: number): void;
}

/** Turns of one scan. */
export interface TurnTaker {
  /** Resolves as soon as the lane has room and no one else has a better claim. Rejects with the reason of `signal` once that aborts. */
  take(lane: number, signal: AbortSignal): Promise<Turn>;
  /** The scan is over. */
  leave(): void;
}

interface Waiting {
  readonly scan: Scan;
  readonly grant: (turn: Turn) => void;
}

interface Scan {
  readonly tenant: Tenant;
  readonly number: number;
  readonly expectedMs: number;
  usedMs: number;
  costMs: number;
}

/** Virtual time: work done, divided by the share that is due. Who has least is next. */
interface Tenant {
  readonly name: string;
  time: number;
  scans: number;
  readonly classTimes: number[];
  /** Virtual time of the class that had the last turn. */
  classNow: number;
}

interface Lane {
  free: number;
  readonly waiting: Waiting[];
}

/**
 * Hands out turns on lanes (worker threads) so that every tenant gets the same time of work, however many scans it has and however large they are. Among the scans of
 * a tenant light ones, and those that have done little yet, come first, so that they need not wait for heavy ones; heavy ones are done one after the other, in order of arrival,
 * because all at once none would be done in time.
 */
export class FairTurns {
  readonly #lanes: readonly Lane[];
  readonly #tenants = new Map<string, Tenant>();
  #scans = 0;
  /** Virtual time of the tenant that had the last turn: where a new one begins. */
  #now = 0;

  /** @param perLane turns that a lane has out at the same time */
  constructor(lanes: number, perLane: number) {
    this.#lanes = Array.from({ length: lanes }, () => ({ free: perLane, waiting: [] }));
  }

  /** How many wait for a turn. */
  get waiting(): number {
    return this.#lanes.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** @param expectedMs what the scan is known to take at least; it counts as if it had been used */
  join(tenantName: string, expectedMs = 0): TurnTaker {
    let tenant = this.#tenants.get(tenantName);
    if (tenant === undefined) {
      tenant = { name: tenantName, time: this.#now, scans: 0, classTimes: Array.from({ length: classes }, () => 0), classNow: 0 };
      this.#tenants.set(tenantName, tenant);
    }
    tenant.scans += 1;
    const scan: Scan = { tenant, number: ++this.#scans, expectedMs, usedMs: 0, costMs: firstCostMs };
    let left = false;
    return {
      take: (lane, signal) => this.#take(scan, this.#lanes[lane] as Lane, signal),
      leave: () => {
        if (left) return;
        left = true;
        scan.tenant.scans -= 1;
        if (scan.tenant.scans === 0) this.#tenants.delete(scan.tenant.name);
      },
    };
  }

  async #take(scan: Scan, lane: Lane, signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Turn>();
    const waiting: Waiting = { scan, grant: resolve };
    this.#catchUp(scan);
    lane.waiting.push(waiting);
    const onAbort = (): void => {
      const place = lane.waiting.indexOf(waiting);
      if (place < 0) return;
      lane.waiting.splice(place, 1);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#grant(lane);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Who did not want any turns has not saved them up. */
  #catchUp(scan: Scan): void {
    const { tenant } = scan;
    const at = classOf(scan);
    const others = this.#lanes.flatMap(({ waiting }) => waiting.filter((other) => other.scan.tenant === tenant));
    if (others.length === 0) tenant.time = Math.max(tenant.time, this.#now);
    if (!others.some((other) => classOf(other.scan) === at)) tenant.classTimes[at] = Math.max(tenant.classTimes[at] as number, tenant.classNow);
  }

  #grant(lane: Lane): void {
    while (lane.free > 0 && lane.waiting.length > 0) {
      const place = bestOf(lane.waiting);
      const [{ scan, grant }] = lane.waiting.splice(place, 1) as [Waiting];
      lane.free -= 1;
      this.#now = Math.max(this.#now, scan.tenant.time);
      scan.tenant.classNow = Math.max(scan.tenant.classNow, scan.tenant.classTimes[classOf(scan)] as number);
      // Charged at once, so that a tenant does not get all lanes before its first piece of work is done.
      const expectedMs = scan.costMs;
      charge(scan, expectedMs);
      let done = false;
      grant({
        done: (workMs = expectedMs) => {
          if (done) return;
          done = true;
          lane.free += 1;
          charge(scan, workMs - expectedMs);
          scan.costMs = workMs;
          this.#grant(lane);
        },
      });
    }
  }
}

function charge(scan: Scan, ms: number): void {
  const { tenant } = scan;
  const at = classOf(scan);
  tenant.time += ms;
  tenant.classTimes[at] = (tenant.classTimes[at] as number) + ms * 2 ** at;
  scan.usedMs += ms;
}

function classOf({ expectedMs, usedMs }: Scan): number {
  const at = classMs.findIndex((ms) => Math.max(expectedMs, usedMs) < ms);
  return at < 0 ? classMs.length : at;
}

function timeOf({ classTimes }: Tenant, at: number): number {
  return (classTimes[at] as number) + at * headStartMs;
}

/** The place of the one whose turn it is. */
function bestOf(waiting: readonly Waiting[]): number {
  let best = 0;
  for (let i = 1; i < waiting.length; i++) if (compare((waiting[i] as Waiting).scan, (waiting[best] as Waiting).scan) < 0) best = i;
  return best;
}

function compare(a: Scan, b: Scan): number {
  if (a.tenant !== b.tenant) return a.tenant.time - b.tenant.time || a.number - b.number;
  const [left, right] = [classOf(a), classOf(b)];
  if (left === right) return a.number - b.number;
  return timeOf(a.tenant, left) - timeOf(a.tenant, right) || left - right;
}
