import type { TextCache, TextForm } from './text-cache.ts';

/** Where a label comes from. */
export type LabelCategory = 'stream' | 'structuredMetadata' | 'parsed';

/** Whether a row may stay, by the label that was just parsed. */
export type FilterWhileParsing = () => boolean;

const noBytes = Buffer.alloc(0);

/**
 * One label name of a scan with its state in the current row. State is valid where its stamp is that of the row (or stream), so that nothing has to be
 * cleared between rows. Values are bytes of the line or the metadata until someone asks for the text.
 */
export class LabelSlot {
  readonly name: string;
  readonly id: number;
  /** Whether the query needs the label; true for all where that is not known. */
  readonly wanted: boolean;
  /** The slot of `<name>_extracted`, once it was needed. */
  extracted: LabelSlot | null = null;
  /** A later label filter on this label alone, which parsers ask as soon as they set it. */
  readonly filter: FilterWhileParsing | null;

  streamStamp = 0;
  streamValue = '';

  setStamp = 0;
  category: 'structuredMetadata' | 'parsed' = 'parsed';
  deletedStamp = 0;
  parsedStamp = 0;

  #text: string | null = null;
  #bytes: Buffer = noBytes;
  #start = 0;
  #end = 0;
  #form: TextForm = 'plain';

  constructor(name: string, id: number, wanted: boolean, filter: FilterWhileParsing | null) {
    this.name = name;
    this.id = id;
    this.wanted = wanted;
    this.filter = filter;
  }

  setText(value: string): void {
    this.#text = value;
    this.#bytes = noBytes;
  }

  setBytes(bytes: Buffer, start: number, end: number, form: TextForm): void {
    this.#text = null;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#form = form;
  }

  /** Which bytes were set; null where it was text. */
  get range(): { readonly start: number; readonly end: number } | null {
    return this.#bytes === noBytes ? null : { start: this.#start, end: this.#end };
  }

  /** The value that was set. */
  text(cache: TextCache): string {
    this.#text ??= cache.text(this.#bytes, this.#start, this.#end, this.#form);
    return this.#text;
  }
}
