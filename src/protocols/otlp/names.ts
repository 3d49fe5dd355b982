import type { AttributeAction } from '../../model/mod.ts';
import type { AttributeOwner, OtlpMapping } from './mapping.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import type { Room } from './room.ts';

/** Names of a push that are remembered; they come from outside. */
const namesMax = 4096;
/** Letters and digits are 1, `_` is 2, everything else 0. */
const plain = new Uint8Array(256);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789') plain[character.charCodeAt(0)] = 1;
plain[0x5f] = 2;

/** The name of an attribute in one push. */
export interface AttributeName {
  /** Where it stands in the body, as it was sent. */
  readonly from: number;
  readonly length: number;
  readonly action: AttributeAction;
  /** Its name as a label or as metadata; '' where nothing usable is left of it. */
  readonly name: string;
  /** Where that stands in the bytes of the room. */
  readonly nameStart: number;
  readonly nameLength: number;
  /** The names of the members of a map that it holds. */
  members: Map<string, AttributeName> | undefined;
}

/**
 * The name that an attribute is stored under, by the rules of OpenTelemetry's translation to Prometheus: every other character than a letter, digit or `_` becomes `_`, runs of
 * `_` become one (but `__x__` keeps its ends), and a leading digit gets `key_`. '' where nothing usable is left.
 */
export function normalName(text: string): string {
  const reserved = text.length >= 4 && text.startsWith('__') && text.endsWith('__');
  const core = (reserved ? text.slice(2, -2) : text).replaceAll(/[^a-zA-Z0-9]+/g, '_');
  const name = reserved ? `__${core}__` : core;
  if (/^_*$/.test(name)) return '';
  return /^[0-9]/.test(name) ? `key_${name}` : name;
}

/** The names of the attributes of a push, each worked out once: nearly always an attribute's name is that of the attribute in the same place before. */
export class AttributeNames {
  readonly #reader: ProtobufReader;
  readonly #room: Room;
  readonly #mapping: OtlpMapping;
  readonly #known: Readonly<Record<AttributeOwner, Map<string, AttributeName>>> = { resource: new Map(), scope: new Map(), log: new Map() };
  readonly #last: Readonly<Record<AttributeOwner, AttributeName[]>> = { resource: [], scope: [], log: [] };
  #count = 0;

  constructor(reader: ProtobufReader, room: Room, mapping: OtlpMapping) {
    this.#reader = reader;
    this.#room = room;
    this.#mapping = mapping;
  }

  /** The name at from … to in the body, which is that of the attribute number `place` of its owner. */
  find(owner: AttributeOwner, place: number, from: number, to: number): AttributeName {
    const { bytes } = this.#reader;
    const last = this.#last[owner][place];
    const length = to - from;
    if (last !== undefined && last.length === length) {
      let i = 0;
      while (i < length && bytes[last.from + i] === bytes[from + i]) i++;
      if (i === length) return last;
    }
    const key = bytes.toString('latin1', from, to);
    const known = this.#known[owner];
    let name = known.get(key);
    if (name === undefined) {
      name = this.#name(from, to, '', owner);
      this.#remember(known, key, name);
    }
    if (place < namesMax) this.#last[owner][place] = name;
    return name;
  }

  /** The name of a member of a map that an attribute holds. */
  member(parent: AttributeName, from: number, to: number): AttributeName {
    const key = this.#reader.bytes.toString('latin1', from, to);
    parent.members ??= new Map();
    let name = parent.members.get(key);
    if (name === undefined) {
      name = this.#name(from, to, `${parent.name}_`, null);
      this.#remember(parent.members, key, name);
    }
    return name;
  }

  #remember(into: Map<string, AttributeName>, key: string, name: AttributeName): void {
    if (this.#count >= namesMax) return;
    this.#count++;
    into.set(key, name);
  }

  /** @param owner null for a member of a map, which is treated as its attribute is */
  #name(from: number, to: number, prefix: string, owner: AttributeOwner | null): AttributeName {
    const { bytes } = this.#reader;
    const sent = bytes.toString('utf8', from, to);
    const action = owner === null ? 'structured_metadata' : this.#mapping.actionFor(owner, sent);
    if (prefix === '' && isPlain(bytes, from, to)) return { from, length: to - from, action, name: sent, nameStart: from, nameLength: to - from, members: undefined };
    // An empty name is none, even one that would be `key_` or the like.
    const name = prefix === '' && sent === '' ? '' : normalName(prefix + sent);
    const nameStart = this.#room.used;
    return { from, length: to - from, action, name, nameStart, nameLength: this.#room.text(name), members: undefined };
  }
}

/** Whether the name can stay as it is. */
function isPlain(bytes: Buffer, from: number, to: number): boolean {
  if (from === to || (bytes[from]! >= 0x30 && bytes[from]! <= 0x39)) return false;
  let before = 0;
  let letters = 0;
  for (let at = from; at < to; at++) {
    const kind = plain[bytes[at]!]!;
    if (kind === 0 || (kind === 2 && before === 2)) return false;
    letters |= kind & 1;
    before = kind;
  }
  return letters === 1;
}
