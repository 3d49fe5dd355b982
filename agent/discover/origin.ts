import type { MultilineOptions } from '../config/multiline.ts';
import type { RecordFormat } from '../parse/record.ts';

/** One entry of the setting `files`, or standard input. */
export interface FileSource {
  /** `files[0]`, `stdin`: for messages. */
  readonly name: string;
  /** Labels of all its streams. */
  readonly labels: Readonly<Record<string, string>>;
  /** `auto`: CRI or Docker where the first record of a file is, else raw lines. */
  readonly format: RecordFormat | 'auto';
  /** Undefined for what holds in general. */
  readonly multiline: MultilineOptions | undefined;
  /** Where files are begun that are found at the first start. */
  readonly startAt: 'beginning' | 'end';
}

/** What a chain of files is that belongs to no container. */
export interface FileOrigin {
  readonly source: FileSource;
  /** The path of the live file, as the source's pattern names it: label `filename`. `stdin` for standard input. */
  readonly path: string;
}

/** Stands for the pod of a chain that belongs to none. */
export const noPod = { namespace: '', pod: '', uid: '' } as const;
