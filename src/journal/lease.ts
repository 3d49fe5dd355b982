import { SpoorError } from '../model/mod.ts';
import type { Lease, Position } from './port.ts';
import { Serial } from './serial.ts';
import type { StateFile } from './state.ts';

/** Hands out the lease of one partition, one at a time. */
export class Leases {
  readonly #partition: number;
  readonly #state: StateFile;
  /** Position of the next record that becomes durable. */
  readonly #next: () => number;
  /** Throws `journal_closed` once the journal is closed. */
  readonly #checkOpen: () => void;
  readonly #serial = new Serial();
  #current: DiskLease | undefined;

  constructor(partition: number, state: StateFile, next: () => number, checkOpen: () => void) {
    this.#partition = partition;
    this.#state = state;
    this.#next = next;
    this.#checkOpen = checkOpen;
  }

  /** The lease; null where another owner has it. The same owner takes its own lease over: the older one is lost. */
  acquire(owner: string): Promise<Lease | null> {
    return this.#serial.run(async () => {
      this.#checkOpen();
      if (this.#current !== undefined && this.#current.owner !== owner) return null;
      const epoch = this.#state.state.epoch + 1n;
      await this.#state.update((state) => ({ ...state, epoch, next: this.#next() }));
      this.#current?.lose();
      this.#current = new DiskLease(this, owner, epoch);
      return this.#current;
    });
  }

  committed(): Position {
    return BigInt(this.#state.state.committed);
  }

  commit(lease: DiskLease, position: Position): Promise<void> {
    return this.#serial.run(async () => {
      this.#checkOpen();
      if (this.#current !== lease) throw new SpoorError('lease_lost', { partition: this.#partition });
      const next = this.#next();
      if (position >= BigInt(next)) {
        throw new SpoorError('corruption', { where: `journal partition ${this.#partition}`, offset: 0, reason: `position ${position} was to be committed, and the journal ends before ${next}` });
      }
      if (position <= this.committed()) return;
      await this.#state.update((state) => ({ ...state, committed: Number(position), next: this.#next() }));
    });
  }

  /** Resolves when what was asked for so far is done. */
  idle(): Promise<void> {
    return this.#serial.idle();
  }

  release(lease: DiskLease): void {
    if (this.#current === lease) this.#current = undefined;
  }
}

class DiskLease implements Lease {
  readonly owner: string;
  readonly epoch: bigint;
  readonly #leases: Leases;
  readonly #lost = new AbortController();

  constructor(leases: Leases, owner: string, epoch: bigint) {
    this.#leases = leases;
    this.owner = owner;
    this.epoch = epoch;
  }

  get committed(): Position {
    return this.#leases.committed();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  lose(): void {
    this.#lost.abort();
  }

  commit(position: Position): Promise<void> {
    return this.#leases.commit(this, position);
  }

  release(): Promise<void> {
    this.#leases.release(this);
    return Promise.resolve();
  }
}
