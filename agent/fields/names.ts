/** Names that one parser can be asked for; all come from configuration, annotations and the built-in lists. */
const namesMax = 1024;
/** Parts of a dotted name that are told apart; what follows belongs to the last. */
const partsMax = 8;
const nameBytesMax = 512;

/** The node of a parser's top level. */
export const rootNode = 0;

/**
 * The names that a parser looks for. A name is a node, and so is each prefix of it that ends at a dot: `http.request.id` is found as `{"http":{"request":{"id":…}}}`, as
 * `{"http.request.id":…}`, and as any mixture. Keys that lead to no node are passed over, so nothing that a log line says takes memory.
 */
export class FieldNames {
  /** Rises with each name that is added. */
  #version = 0;
  readonly #names: string[] = [''];
  readonly #ids = new Map<string, number>();
  /** By node: 1 where other nodes lie below. */
  #parents = new Uint8Array(64);
  /** Edges by hash: index plus 1, 0 is none. */
  #slots = new Uint32Array(256);
  readonly #edgeParent: number[] = [];
  readonly #edgeNode: number[] = [];
  readonly #edgeKey: Buffer[] = [];
  readonly #edgeHash: number[] = [];

  /** Nodes, the root included. */
  get size(): number {
    return this.#names.length;
  }

  get version(): number {
    return this.#version;
  }

  /** The name of a node. */
  nameOf(node: number): string {
    return this.#names[node] ?? '';
  }

  /** The node of a name; undefined where it was never added. */
  nodeOf(name: string): number | undefined {
    return this.#ids.get(name);
  }

  /** The node of a name, which is added if need be; -1 where there are too many, or it is too long. */
  add(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    if (name === '' || Buffer.byteLength(name) > nameBytesMax || this.#names.length + partsMax > namesMax) return -1;
    const parts = name.split('.');
    const cuts: string[] = [];
    for (let i = 1; i < Math.min(parts.length, partsMax); i++) cuts.push(parts.slice(0, i).join('.'));
    cuts.push(name);
    // A prefix that is empty or ends in a dot (".a", "a..b") is no object's name.
    const prefixes = cuts.filter((cut, i) => i === cuts.length - 1 || (cut !== '' && !cut.endsWith('.')));
    let node = -1;
    for (const [i, prefix] of prefixes.entries()) {
      const before = this.#ids.get(prefix);
      node = before ?? this.#node(prefix);
      if (before !== undefined) continue;
      this.#edge(rootNode, prefix, node);
      for (const above of prefixes.slice(0, i)) this.#edge(this.#ids.get(above) ?? rootNode, prefix.slice(above.length + 1), node);
    }
    this.#version++;
    return node;
  }

  /** Whether names lie below a node. */
  isParent(node: number): boolean {
    return this.#parents[node] === 1;
  }

  /** The node below `parent` that the key bytes[start … end) leads to; -1 where there is none. */
  child(parent: number, bytes: Uint8Array, start: number, end: number): number {
    let hash = parent;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const mask = this.#slots.length - 1;
    for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
      const edge = this.#slots[slot] as number;
      if (edge === 0) return -1;
      if (this.#edgeHash[edge - 1] !== hash || this.#edgeParent[edge - 1] !== parent) continue;
      const key = this.#edgeKey[edge - 1] as Buffer;
      if (key.length !== end - start) continue;
      let i = 0;
      while (i < key.length && key[i] === bytes[start + i]) i++;
      if (i === key.length) return this.#edgeNode[edge - 1] as number;
    }
  }

  #node(name: string): number {
    const node = this.#names.push(name) - 1;
    this.#ids.set(name, node);
    if (node >= this.#parents.length) {
      const parents = new Uint8Array(this.#parents.length * 2);
      parents.set(this.#parents);
      this.#parents = parents;
    }
    return node;
  }

  #edge(parent: number, key: string, node: number): void {
    const bytes = Buffer.from(key);
    if (this.child(parent, bytes, 0, bytes.length) >= 0) return;
    let hash = parent;
    for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
    this.#parents[parent] = 1;
    this.#edgeParent.push(parent);
    this.#edgeNode.push(node);
    this.#edgeKey.push(bytes);
    this.#edgeHash.push(hash);
    if (this.#edgeNode.length * 2 > this.#slots.length) {
      this.#slots = new Uint32Array(this.#slots.length * 2);
      for (let edge = 0; edge < this.#edgeNode.length; edge++) this.#place(edge);
    } else {
      this.#place(this.#edgeNode.length - 1);
    }
  }

  #place(edge: number): void {
    const mask = this.#slots.length - 1;
    let slot = spread(this.#edgeHash[edge] as number) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = edge + 1;
  }
}

function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
