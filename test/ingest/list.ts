import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The list of recorded cases that spoor answers better than Loki did; run.mjs takes it as `--skip`. */
export const betterListFile = path.join(import.meta.dirname, 'better-than-loki.txt');

/** The ids of that list, each with the comment above it. */
export function betterThanLoki(): readonly { readonly id: string; readonly reason: string }[] {
  const cases: { id: string; reason: string }[] = [];
  let reason = '';
  let open = false;
  for (const line of readFileSync(betterListFile, 'utf8').split('\n')) {
    if (line.startsWith('#')) {
      reason = open ? `${reason} ${line.slice(1).trim()}` : line.slice(1).trim();
      open = true;
    } else if (line.trim() !== '') {
      cases.push({ id: line.trim(), reason });
      open = false;
    } else {
      reason = '';
      open = false;
    }
  }
  return cases;
}
