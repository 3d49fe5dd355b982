import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml';
import { SpoorError } from '../../model/mod.ts';

/** A YAML file whose errors name file, line and key. */
export class YamlFile {
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  /** Throws `bad_config` where the text is no YAML. */
  constructor(text: string, name: string) {
    this.#name = name;
    this.#document = parseDocument(text, { lineCounter: this.#lines });
    const [problem] = this.#document.errors;
    if (problem !== undefined) {
      throw new SpoorError('bad_config', { where: `${name}:${this.#lines.linePos(problem.pos[0]).line}`, reason: problem.message.split('\n')[0] ?? 'not YAML' });
    }
  }

  /** The whole document; null where the file is empty. */
  get root(): unknown {
    return this.#document.contents;
  }

  /** Where a key stands: `file:line: key`. */
  place(node: unknown, key: string): string {
    const offset = (node as Node | null)?.range?.[0];
    return `${this.#name}${offset === undefined ? '' : `:${this.#lines.linePos(offset).line}`}${key === '' ? '' : `: ${key}`}`;
  }

  /** Visits the pairs of a mapping, which may be missing; `path` is the way to it with dots, '' at the root. Throws `bad_config` where it is none. */
  walk(node: unknown, path: string, visit: (key: string, pair: Pair, path: string) => void): void {
    if (node === null || (isScalar(node) && node.value === null)) return;
    if (!isMap(node)) throw new SpoorError('bad_config', { where: this.place(node, path), reason: 'must be a mapping' });
    for (const pair of node.items) {
      const key = String(this.plain(pair.key));
      visit(key, pair, path === '' ? key : `${path}.${key}`);
    }
  }

  /** A value as plain data. */
  plain(node: unknown): unknown {
    return isScalar(node) ? node.value : ((node as { toJS?: (document: Document) => unknown } | null)?.toJS?.(this.#document) ?? node);
  }
}
