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

/** Something in a directory that could not be looked at: while it cannot, what is missing in the list is not gone. */
export interface MemberProblem {
  readonly path: string;
  readonly error: unknown;
}

/**
 * Lists the log files of a container's directory: restart number → its files, oldest first. Links are followed; where the live file is a link (Docker), the
 * files that were rotated away beside its target belong to it too. Files that vanish meanwhile are left out; what cannot be looked at is added to `problems`.
 */
export function listMembers(directory: string, problems: MemberProblem[] = []): Map<number, Member[]> {
  for (let attempt = 1; ; attempt++) {
    const found: MemberProblem[] = [];
    const runs = new Map<number, Member[]>();
    // A file that is renamed or compressed while the names are gone through would be missing under both names.
    if (list(directory, runs, found) || attempt === listAttempts) {
      problems.push(...found);
      for (const members of runs.values()) members.sort((a, b) => compareRotations(a.rotation, b.rotation));
      return runs;
    }
  }
}

/** How often a directory is listed anew because it changed meanwhile. */
export const listAttempts = 5;

/** One listing; false where it is out of date. */
function list(directory: string, runs: Map<number, Member[]>, problems: MemberProblem[]): boolean {
  const names = readdirSync(directory);
  const plain = new Set(names);
  for (const name of names) {
    const parsed = parseLogFileName(name);
    // While a member is compressed it is there twice.
    if (parsed === undefined || (parsed.gzip && plain.has(name.slice(0, -3)))) continue;
    const path = join(directory, name);
    const members = runs.get(parsed.restart) ?? [];
    runs.set(parsed.restart, members);
    if (addMember(members, path, parsed.rotation, parsed.gzip, problems) === 'vanished') return false;
    if (parsed.rotation === '') addRotatedTargets(members, path, problems);
  }
  return true;
}

/**
 * Adds the file at `path` (links followed) unless it is there already. What is no plain file (a directory, a pipe, a device) is never opened.
 * @returns `other` where it is no plain file; `vanished` where it was there a moment ago: what was listed then is out of date
 */
export function addMember(members: Member[], path: string, rotation: string, gzip: boolean, problems: MemberProblem[]): 'added' | 'other' | 'vanished' {
  let stat: BigIntStats;
  let real = path;
  try {
    const here = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (here === undefined) return 'vanished';
    stat = here;
    if (stat.isSymbolicLink()) {
      real = realpathSync(path);
      stat = statSync(real, { bigint: true });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') problems.push({ path, error });
    return 'added';
  }
  if (!stat.isFile()) return 'other';
  if (members.some((member) => member.inode === stat.ino && member.device === stat.dev)) return 'added';
  members.push({ path: real, device: stat.dev, inode: stat.ino, size: Number(stat.size), modifiedMs: Number(stat.mtimeMs), rotation, gzip });
  return 'added';
}

/** Docker rotates `<id>-json.log` to `.1`, `.2.gz`, … in its own directory. */
export function addRotatedTargets(members: Member[], path: string, problems: MemberProblem[]): void {
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
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') problems.push({ path: dirname(target), error });
    return;
  }
  for (const name of names) {
    if (!name.startsWith(base)) continue;
    const match = /^(\d{1,6}|\d{8}-\d{6})(\.gz)?$/.exec(name.slice(base.length));
    if (match !== null) addMember(members, join(dirname(target), name), match[1] ?? '', match[2] !== undefined, problems);
  }
}
