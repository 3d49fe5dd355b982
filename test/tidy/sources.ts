import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A file of ours. */
export interface SourceFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Without comments; strings stay. */
  readonly code: string;
  /** Files of ours that it imports, from the root; also workers that it starts by name. */
  readonly imports: readonly string[];
  /** Programs that a test starts. */
  readonly programs: readonly string[];
  /** Packages and built-in modules that it imports, as written. */
  readonly packages: readonly string[];
}

const extensions = /\.(?:ts|js|mjs|html|css)$/;
const importPattern = /(?:(?<![.\w])from\s+|\bimport\s+|\bimport\s*\(\s*)'([^'\n]+)'/g;
const workerPattern = /\bworkerUrl\(\s*import\.meta\.url,\s*'([^'\n]+)'/g;
/** A program that is started as a process of its own, by its path from the root. */
const programPattern = /'((?:src|agent|cli|demo|tools|bench)\/[\w./-]+\.ts)'/g;
const urlPattern = /\bnew URL\(\s*'([^'\n]+\.ts)',\s*import\.meta\.url/g;

/** The files of a top-level folder, in order of path; none where the folder does not exist. */
export function filesOf(folder: string): SourceFile[] {
  const at = join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true, encoding: 'utf8' })
    .map((file) => posix.join(folder, file.replaceAll('\\', '/')))
    .filter((path) => extensions.test(path) && !path.startsWith('test/compat/'))
    .toSorted()
    .map(readSource);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const code = withoutComments(text);
  const named = Array.from(code.matchAll(importPattern), (match) => match[1] ?? '');
  const relative = named.filter((name) => name.startsWith('.'));
  const workers = Array.from(code.matchAll(workerPattern), (match) => `${match[1] ?? ''}.ts`);
  const urls = Array.from(code.matchAll(urlPattern), (match) => match[1] ?? '');
  const programs = path.startsWith('test/') ? Array.from(code.matchAll(programPattern), (match) => match[1] ?? '') : [];
  if (code.includes('bin/spoor.js')) programs.push('cli/main.ts');
  const imports = [...relative, ...workers, ...urls].map((name) => posix.normalize(posix.join(posix.dirname(path), name)));
  return { path, text, code, imports, programs, packages: named.filter((name) => !name.startsWith('.')) };
}

/** Comments become blanks, line by line, so that line numbers stay. */
export function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/(^|[\s;{}(,])\/\/[^\n]*/g, '$1');
}

/** Line numbers at which `pattern` is found in `text`. */
export function linesWith(text: string, pattern: RegExp): number[] {
  return text.split('\n').flatMap((line, i) => (pattern.test(line) ? [i + 1] : []));
}

/** Everything that a file reaches by imports and by starting programs, itself included. */
export function reachedFrom(path: string, files: ReadonlyMap<string, SourceFile>): Set<string> {
  const reached = new Set([path]);
  for (const next of reached) {
    const file = files.get(next);
    for (const other of [...(file?.imports ?? []), ...(file?.programs ?? [])]) if (files.has(other)) reached.add(other);
  }
  return reached;
}

/** Whether there is anything to run in a file: not where it holds types only, or hands on what others export. */
export function hasCode({ code }: SourceFile): boolean {
  return /^(?:export )?(?:default )?(?:async )?(?:function\b|class\b|abstract class\b|const\b|let\b)/m.test(code);
}

/** The folder of a path from the root. */
export function folderOf(path: string): string {
  return dirname(path).replaceAll('\\', '/');
}
