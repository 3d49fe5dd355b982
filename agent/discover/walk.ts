import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Glob } from './glob.ts';

/** Most directories that a pattern leads through. */
export const directoriesMax = 20_000;
const depthMax = 64;

/** A directory that a pattern leads through. */
export interface WalkedDirectory {
  /** Files in it may match. */
  files: boolean;
  /** Directories in it may match. */
  directories: boolean;
}

/** What a walk is told of. */
export interface WalkEvents {
  /** A directory cannot be listed, or there are too many. */
  failed(path: string, error: unknown): void;
}

/**
 * Finds the directories that a pattern leads through, and adds them to `found`. `**` does not follow links to directories, so that loops of links end; a named part, or one with
 * wildcards, does.
 */
export async function walkGlob(glob: Glob, found: Map<string, WalkedDirectory>, events: WalkEvents): Promise<void> {
  const visited = new Set<string>();
  const open: { readonly path: string; readonly part: number; readonly depth: number }[] = [{ path: glob.root, part: 0, depth: 0 }];
  for (let count = 1; ; count++) {
    const next = open.pop();
    if (next === undefined) return;
    const { path, part, depth } = next;
    const key = `${part} ${path}`;
    if (visited.has(key) || depth > depthMax) continue;
    visited.add(key);
    if (found.size >= directoriesMax && !found.has(path)) {
      events.failed(path, new Error(`${glob.pattern} leads through more than ${directoriesMax} directories`));
      return;
    }
    // The event loop belongs to reading.
    if (count % 64 === 0) await turn();
    const pattern = glob.parts[part];
    const isLast = part === glob.parts.length - 1;
    const entry = found.get(path) ?? { files: false, directories: false };
    if (isLast) {
      if (!isDirectory(path, events)) continue;
      entry.files = true;
      found.set(path, entry);
      continue;
    }
    let entries;
    try {
      entries = readdirSync(path, { withFileTypes: true });
    } catch (error) {
      if (!isAbsent(error)) events.failed(path, error);
      continue;
    }
    entry.directories = true;
    found.set(path, entry);
    if (pattern === null || pattern === undefined) {
      open.push({ path, part: part + 1, depth });
      for (const child of entries) if (child.isDirectory() && !child.name.startsWith('.')) open.push({ path: join(path, child.name), part, depth: depth + 1 });
    } else {
      for (const child of entries) {
        if (pattern.test(child.name) && (child.isDirectory() || child.isSymbolicLink())) open.push({ path: join(path, child.name), part: part + 1, depth: depth + 1 });
      }
    }
  }
}

function isDirectory(path: string, events: WalkEvents): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (!isAbsent(error)) events.failed(path, error);
    return false;
  }
}

/** Whether an error says that something is not there. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
