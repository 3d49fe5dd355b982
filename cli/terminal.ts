import { once } from 'node:events';
import type { Writable } from 'node:stream';
import picocolors from 'picocolors';
import { wantsColor } from './environment.ts';
import { OutputClosed, reasonOf } from './failure.ts';

/** The functions that colour text; without colours they return it unchanged. */
export type Colors = ReturnType<typeof picocolors.createColors>;

/** Where commands write: results to `out`, everything else to `note`. */
export class Terminal {
  readonly colors: Colors;
  /** True where a person is looking at the results. */
  readonly interactive: boolean;
  readonly #out: Writable;
  readonly #notes: Writable;
  #closed: Error | undefined;

  constructor(out: Writable & { readonly isTTY?: boolean }, notes: Writable, color: boolean = wantsColor(out)) {
    this.#out = out;
    this.#notes = notes;
    this.interactive = out.isTTY === true;
    this.colors = picocolors.createColors(color);
    out.on('error', (error: NodeJS.ErrnoException) => {
      this.#closed = error.code === 'EPIPE' ? new OutputClosed('output closed') : error;
    });
    // Nobody may be reading the notes any more; that is no reason to stop.
    notes.on('error', () => undefined);
  }

  /** Writes results; resolves when there is room for more. Throws OutputClosed when nobody reads them any more. */
  async out(text: string): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (text === '' || this.#out.write(text)) return;
    try {
      await once(this.#out, 'drain');
    } catch (error) {
      throw this.#closed ?? new Error(`cannot write: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Writes one line for the person, not for a program. */
  note(text: string): void {
    this.#notes.write(`${text}\n`);
  }
}
