/** Which fields of documents become what. Fields are named by their paths with dots between: `host.name` is both `{"host": {"name": …}}` and `{"host.name": …}`. */
export interface FieldSettings {
  /** Fields that become labels: `field`, or `field=label`. The first of those with one label that has a value counts. `_index` is the index that a document is for. */
  readonly labels: readonly string[];
  /** Fields that hold the line; the first that has a text counts. */
  readonly line: readonly string[];
  /** Fields that hold the time; the first that has a value counts. */
  readonly time: readonly string[];
  /** Fields that are left out; `a.b` leaves out `a.b.c` too. */
  readonly ignored: readonly string[];
}

/** What a field is. */
export const role = { metadata: 0, label: 1, line: 2, time: 3, ignored: 4 } as const;

/** Nodes that a tree remembers; the names come from outside. */
const nodesMax = 8192;
const keyBytesMax = 1024;
/** Objects inside one another that are taken apart; what lies deeper is kept as JSON. */
export const flattenDepthMax = 20;
/** Bytes of a name that is made by joining; a longer path is kept as JSON from there on. */
export const nameBytesMax = 1024;

/** A field by its path: one node for each name at each place. */
export class FieldNode {
  /** Name inside its parent, without escapes. */
  readonly key: Buffer;
  /** Whole path. */
  readonly path: string;
  /** Whole path as bytes, or what stands for it where it has no letter or digit that a name may have. */
  readonly name: Buffer;
  readonly role: number;
  /** Place in the list of its role. */
  readonly place: number;
  /** For labels: which one. */
  readonly slot: number;
  /** Whether its value says the level (ECS `log.level`). */
  readonly isLevel: boolean;
  /** Children in the order in which they were first seen, which is mostly that of the next document. */
  readonly children: FieldNode[] = [];
  readonly byKey = new Map<string, FieldNode>();
  /** Where the name stands in the arena of the request that last used the node. */
  nameStart = 0;
  nameOwner: object | null = null;

  constructor(key: Buffer, path: string, assigned: Assigned | undefined, ignored: boolean) {
    this.key = key;
    this.path = path;
    this.name = Buffer.from(/[a-zA-Z0-9]/.test(path) ? path : codePointName(path));
    this.role = ignored ? role.ignored : (assigned?.role ?? role.metadata);
    this.place = assigned?.place ?? 0;
    this.slot = assigned?.slot ?? 0;
    this.isLevel = path === 'log.level';
  }
}

interface Assigned {
  readonly role: number;
  readonly place: number;
  readonly slot: number;
}

/** A name for a field whose own has nothing that a name of metadata may have: its code points, `u43a_u43b`. */
function codePointName(path: string): string {
  return path === '' ? 'empty' : Array.from(path, (character) => `u${character.codePointAt(0)!.toString(16)}`).join('_');
}

/** A label name of a field's path: what a label name may not hold becomes `_`. */
function labelName(path: string): string {
  const name = path.replaceAll(/[^a-zA-Z0-9_]+/g, '_');
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

/** Field settings made ready for documents: a tree of the fields that were seen so far. Shared by all requests of one setting. */
export class FieldRules {
  /** Label names, one a slot. */
  readonly labels: readonly string[];
  /** The slot of `_index`, or -1. */
  readonly indexSlot: number;
  /** Place in the list of `_index`. */
  readonly indexPlace: number;
  /** The slot of data_stream.dataset, which says what `_index` says, or -1. */
  readonly datasetSlot: number;
  readonly lineFields: number;
  readonly timeFields: number;
  readonly #assigned = new Map<string, Assigned>();
  readonly #ignored: readonly string[];
  root: FieldNode;
  #nodes = 0;

  constructor(settings: FieldSettings) {
    const labels: string[] = [];
    for (const [place, text] of settings.labels.entries()) {
      const [field = '', renamed] = text.split('=', 2);
      const label = renamed === undefined || renamed === '' ? labelName(field) : renamed;
      if (label === '' || this.#assigned.has(field)) continue;
      let slot = labels.indexOf(label);
      if (slot < 0) slot = labels.push(label) - 1;
      this.#assigned.set(field, { role: role.label, place, slot });
    }
    for (const [name, fields] of [['line', settings.line], ['time', settings.time]] as const) {
      for (const [place, field] of fields.entries()) if (!this.#assigned.has(field)) this.#assigned.set(field, { role: role[name], place, slot: 0 });
    }
    this.labels = labels;
    this.indexSlot = this.#assigned.get('_index')?.slot ?? -1;
    this.indexPlace = this.#assigned.get('_index')?.place ?? 0;
    this.datasetSlot = this.#assigned.get('data_stream.dataset')?.slot ?? -1;
    this.lineFields = settings.line.length;
    this.timeFields = settings.time.length;
    this.#ignored = settings.ignored;
    this.root = this.#newRoot();
  }

  #newRoot(): FieldNode {
    return new FieldNode(Buffer.alloc(0), '', undefined, false);
  }

  /** The node of the key bytes[start … start + length) inside `parent`; undefined where its name would be too long. */
  child(parent: FieldNode, bytes: Buffer, start: number, length: number): FieldNode | undefined {
    const key = bytes.toString('latin1', start, start + length);
    const known = parent.byKey.get(key);
    if (known !== undefined) return known;
    if (length > keyBytesMax || parent.name.length + 1 + length > nameBytesMax) return undefined;
    const text = bytes.toString('utf8', start, start + length);
    const path = parent === this.root || parent.path === '' ? text : `${parent.path}.${text}`;
    const node = new FieldNode(Buffer.from(bytes.subarray(start, start + length)), path, this.#assigned.get(path), this.#isIgnored(path));
    if (this.#nodes >= nodesMax) {
      // Names that change with each document: what was learnt is of no use.
      this.#nodes = 0;
      this.root = this.#newRoot();
    } else {
      this.#nodes++;
      parent.byKey.set(key, node);
      parent.children.push(node);
    }
    return node;
  }

  #isIgnored(path: string): boolean {
    return this.#ignored.some((field) => field === path || (path.length > field.length && path.startsWith(field) && path[field.length] === '.'));
  }
}

/** Rule sets that are remembered: tenants and clients may bring their own. */
const rulesMax = 256;
const known = new Map<string, FieldRules>();

/** The rules of some settings; equal ones share a tree. */
export function fieldRules(settings: FieldSettings): FieldRules {
  const key = JSON.stringify([settings.labels, settings.line, settings.time, settings.ignored]);
  let rules = known.get(key);
  if (rules === undefined) {
    rules = new FieldRules(settings);
    if (known.size >= rulesMax) known.clear();
    known.set(key, rules);
  }
  return rules;
}
