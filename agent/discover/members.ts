import { lstatSync, readdirSync, realpathSync, statSync, type BigIntStats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compareRotations, parseLogFileName } from './paths.ts';

/** A file that stands in a container's log directory now. */
export interface Member {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: number;
  readonly modifiedMs: number;
  readonly rotation: string;
  readonly gzip: boolean;
}

/**
 * Lists the log files of a container's directory: restart number → its files, oldest first. Links are followed; where the live file is a link (Docker), the
 * files that were rotated away beside its target belong to it too. Files that vanish meanwhile are left out.
 */
export function listMembers(directory: string): Map<number, Member[]> {
  const runs = new Map<number, Member[]>();
  const names = readdirSync(directory);
  const plain = new Set(names);
  for (const name of names) {
    const parsed = parseLogFileName(name);
    // While a member is compressed it is there twice.
    if (parsed === undefined || (parsed.gzip && plain.has(name.slice(0, -3)))) continue;
    const path = join(directory, name);
    const members = runs.get(parsed.restart) ?? [];
    runs.set(parsed.restart, members);
    addMember(members, path, parsed.rotation, parsed.gzip);
    if (parsed.rotation === '') addRotatedTargets(members, path);
  }
  for (const members of runs.values()) members.sort((a, b) => compareRotations(a.rotation, b.rotation));
  return runs;
}

function addMember(members: Member[], path: string, rotation: string, gzip: boolean): void {
  const stat = tryStat(path);
  if (stat === undefined || !stat.isFile()) return;
  if (members.some((member) => member.inode === stat.ino && member.device === stat.dev)) return;
  members.push({ path, device: stat.dev, inode: stat.ino, size: Number(stat.size), modifiedMs: Number(stat.mtimeMs), rotation, gzip });
}

/** Docker rotates `<id>-json.log` to `.1`, `.2.gz`, … in its own directory. */
function addRotatedTargets(members: Member[], path: string): void {
  let target: string;
  try {
    if (!lstatSync(path).isSymbolicLink()) return;
    target = realpathSync(path);
  } catch {
    return;
  }
  const base = `${basename(target)}.`;
  let names: string[];
  try {
    names = readdirSync(dirname(target));
  } catch {
    return;
  }
  for (const name of names) {
    if (!name.startsWith(base)) continue;
    const match = /^(\d{1,6}|\d{8}-\d{6})(\.gz)?$/.exec(name.slice(base.length));
    if (match !== null) addMember(members, join(dirname(target), name), match[1] ?? '', match[2] !== undefined);
  }
}

function tryStat(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
