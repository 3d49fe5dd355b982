import { open } from 'node:fs/promises';
import { isSpoorError } from '../../src/model/mod.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { inspectIndexFile } from './index-file.ts';
import { inspectJournalFile } from './journal.ts';
import { inspectSegmentFile } from './segment.ts';
import { plural } from './text.ts';

/** The files that can be explained. */
export type FileKind = 'segment' | 'index' | 'journal';

export interface InspectOptions {
  readonly json: boolean;
  /** Leave nothing out. */
  readonly all: boolean;
  /** Put every line together, too. */
  readonly verify: boolean;
  /** Only this row group of a segment, in detail. */
  readonly rowGroup: number | undefined;
}

/** What is said of a file. */
export interface Report {
  readonly text: string;
  /** Places that are damaged. */
  readonly damage: number;
}

/** Explains a file of spoor's to a person, or as JSON. Throws Failure where it is damaged, after all that can be told of it. */
export async function runInspect(terminal: Terminal, kind: FileKind, path: string, options: InspectOptions): Promise<void> {
  const { text, damage } = await report(terminal, kind, path, options);
  await terminal.out(text);
  if (damage > 0) throw new Failure(`${path} is damaged in ${plural(damage, 'place')}`);
}

async function report(terminal: Terminal, kind: FileKind, path: string, options: InspectOptions): Promise<Report> {
  try {
    const file = await open(path, 'r');
    try {
      if (!(await file.stat()).isFile()) throw new Failure(`${path} is no file`);
      if (kind === 'segment') return await inspectSegmentFile(file, path, terminal, options);
      if (kind === 'index') return await inspectIndexFile(file, path, terminal, options);
      return await inspectJournalFile(path, terminal, options);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Failure || !(isSpoorError(error) || isSystemError(error))) throw error;
    throw new Failure(reasonOf(error), 0, { cause: error });
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
