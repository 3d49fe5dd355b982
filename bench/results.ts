/** What a run writes down, and figures by name. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Figures } from './measure.ts';
import type { SystemName } from './systems.ts';

/** All systems on one corpus. */
export interface SizeResult {
  readonly mb: number;
  readonly streams: number;
  readonly rawBytes: number;
  readonly lines: number;
  /** calibrate() before and after. */
  readonly calibrationMs: number;
  /** Of the machine, before each system: 0 is a machine of our own. */
  readonly loadAverages: readonly number[];
  readonly systems: readonly Figures[];
  /** spoor with its objects on an S3 server. */
  readonly s3: Figures | null;
  /** Loaded with discovery of levels and services on, queries on what is discovered. */
  readonly discovery: readonly Figures[];
}

/** A whole run; bench/last.json is the last one. */
export interface Results {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryGiB: number;
  readonly versions: { readonly [name in SystemName]?: string };
  readonly fileCachesDropped: boolean;
  readonly sizes: readonly SizeResult[];
}

export const lastFile = path.join(import.meta.dirname, 'last.json');

export function readLast(file: string): Results | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : null;
}

/** A figure by the name that mark.json gives it; best of three for queries. */
export function figure({ load, storedMB, queries }: Figures, id: string): number | null {
  switch (id) {
    case 'ingestAcknowledged': return load.rawMBperCpuSecond;
    case 'ingestStored': return load.allRawMBperCpuSecond;
    case 'stored': return storedMB;
    case 'peakIngest': return load.peakMiB;
    default: {
      const asked = queries.find((query) => query.id === id);
      return asked === undefined || asked.digest.startsWith('ERROR') ? null : asked.bestMs;
    }
  }
}

export interface MarkFigure {
  readonly id: string;
  readonly what?: string;
  /** More is better. */
  readonly more: boolean;
  readonly loki: number;
  readonly victoriaLogs: number;
  readonly must: number;
  readonly goal: number;
}

/** The marks of the issue, which are of the corpus of --mb 1150 --streams 600. */
export function readMarks(): readonly MarkFigure[] {
  return (JSON.parse(readFileSync(path.join(import.meta.dirname, 'mark.json'), 'utf8')) as { readonly figures: readonly MarkFigure[] }).figures;
}
