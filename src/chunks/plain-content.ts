import type { BuiltContent, RowGroupContent, RowsBuilt } from './content.ts';
import { PlainPages } from './encodings/plain.ts';
import { columnIds } from './format.ts';
import { MetadataBuilder } from './metadata-builder.ts';
import type { FullBlock } from './row-group-builder.ts';

/** Lines and metadata as they are, compressed page by page as they come. */
export class PlainContent implements RowGroupContent {
  readonly #lines = new PlainPages(columnIds.line);
  readonly #metadata = new MetadataBuilder();

  get heldBytes(): number {
    return this.#lines.heldBytes + this.#metadata.heldBytes;
  }

  get estimatedBytes(): number {
    return this.#lines.estimatedBytes + this.#metadata.estimatedBytes;
  }

  get metadataBytes(): number {
    return this.#metadata.bytes;
  }

  append(block: FullBlock, from: number, to: number): void {
    this.#lines.append(block.lines, from, to);
    this.#metadata.append(block.metadata, from, to);
  }

  finish({ runs }: RowsBuilt): BuiltContent {
    return { pages: [...this.#lines.finish(), ...this.#metadata.finish(runs)], shredded: null };
  }
}
