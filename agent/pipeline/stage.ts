import type { LineSink, LineView } from '../join/line.ts';
import type { StreamIndex } from '../parse/record.ts';

/**
 * A step of a container's pipeline, between joining and the batches: it may change a line, hand it on now or later, or drop it (and count that). One instance per container, unless it says
 * otherwise. What a stage decides is a pure function of lines, settings and what Kubernetes said of the pod wherever it can be: a line that is read again after a crash has to become the same
 * line, because the server drops what it has.
 */
export interface Stage {
  /** Takes a line, which is valid during the call only; `next` is what follows. */
  take(line: LineView, next: LineSink): void;
  /**
   * Lets go of what was held long enough; called at least every 250 ms. `nowMs` is the monotonic clock. `caughtUp`: everything that is in the files was read since the last
   * call; where it is false, lines that belong to what is held may wait to be read.
   */
  tick?(nowMs: number, next: LineSink, caughtUp: boolean): void;
  /** Hands on all that is held: nothing more will come. Not called when the agent stops: what is held then is read again at the next start. */
  flush?(next: LineSink): void;
  /** Offset of the first line that is held of a file and stream; null where none is. The file's position does not pass it. */
  heldFrom?(file: number, stream: StreamIndex): number | null;
}
