/** What a line of the canary says: docs/formats/canary.md. */
export interface CanaryLine {
  /** Names a sequence; a new one begins only where the state directory is new. */
  readonly run: string;
  /** Counts the lines of a run, from 1, across restarts of the agent. */
  readonly sequence: number;
  /** Counts the starts of agents in the run, from 1. */
  readonly start: number;
  /** Distance of lines that the agent keeps. */
  readonly intervalMs: number;
}

/** The job label of the canary's stream. */
export const canaryJob = 'spoor-canary';

/** The text of a line. */
export function formatCanaryLine({ run, sequence, start, intervalMs }: CanaryLine): string {
  return `canary run=${run} seq=${sequence} start=${start} interval_ms=${intervalMs}`;
}

/** Reads the text of a line; undefined where it is none. */
export function parseCanaryLine(text: string): CanaryLine | undefined {
  const match = /^canary run=([0-9a-f]{8,32}) seq=(\d{1,15}) start=(\d{1,15}) interval_ms=(\d{1,9})$/.exec(text);
  if (match === null) return undefined;
  return { run: match[1] ?? '', sequence: Number(match[2]), start: Number(match[3]), intervalMs: Number(match[4]) };
}
