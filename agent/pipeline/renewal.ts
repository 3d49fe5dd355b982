import type { Clock } from '../../src/model/mod.ts';
import type { PodPath } from '../discover/paths.ts';

/** What renewing the pipelines of a pod asks of those around it. */
export interface RenewalPorts {
  /** Pods whose logs are read. */
  pods(): Iterable<PodPath>;
  /** Whether the pod's annotations are others than those that were decided on. */
  changed(pod: PodPath): boolean;
  /** Whether a stage holds lines of the pod back. */
  held(uid: string): boolean;
  /** Makes the pod's pipelines let go of everything. */
  flush(uid: string): void;
  /** Stops reading the pod's logs. */
  pause(uid: string): void;
  /** Whether all that was read of the pod is delivered. */
  delivered(uid: string): boolean;
  /** Decides anew, builds the pod's pipelines from that, and reads on. */
  renew(pod: PodPath): void;
}

/** A pod that always holds lines back is not waited for longer. */
const heldWaitMs = 60_000;

/**
 * Applies changed annotations to the lines that come after the change was seen, and to those only, also across kill -9: reading the pod pauses, at a moment when no stage holds a line of it, until all
 * that was read is delivered; then the new decision holds. It stands in the same checkpoint as the positions, and is on disk before the first line that it shaped is
 * sent, so no line is ever sent under both.
 */
export class Renewal {
  readonly #ports: RenewalPorts;
  readonly #clock: Clock;
  readonly #wanted = new Map<string, { readonly sinceMs: number; paused: boolean }>();
  /** Pods whose pipelines were built anew. */
  renewed = 0;

  constructor(ports: RenewalPorts, clock: Clock) {
    this.#ports = ports;
    this.#clock = clock;
  }

  /** Goes a step further with every pod that needs it; call it about once a second. */
  step(): void {
    const now = this.#clock.monotonicMs();
    const present = new Set<string>();
    for (const pod of this.#ports.pods()) {
      if (present.has(pod.uid)) continue;
      present.add(pod.uid);
      let wanted = this.#wanted.get(pod.uid);
      if (wanted === undefined) {
        if (!this.#ports.changed(pod)) continue;
        wanted = { sinceMs: now, paused: false };
        this.#wanted.set(pod.uid, wanted);
      }
      if (!wanted.paused) {
        if (this.#ports.held(pod.uid)) {
          if (now - wanted.sinceMs < heldWaitMs) continue;
          this.#ports.flush(pod.uid);
        }
        wanted.paused = true;
        this.#ports.pause(pod.uid);
      }
      if (!this.#ports.delivered(pod.uid)) continue;
      this.#wanted.delete(pod.uid);
      this.#ports.renew(pod);
      this.renewed++;
    }
    for (const uid of this.#wanted.keys()) if (!present.has(uid)) this.#wanted.delete(uid);
  }
}
