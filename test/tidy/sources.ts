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
  /** Packages and built-in modules that it imports, as written. */
  readonly packages: readonly string[];
}

const extensions = /\.(?:ts|js|mjs|html|css)$/;
const importPattern = /(?:(?<![.\w])from\s+|\bimport\s+|\bimport\s*\(\s*)'([^'\n]+)'/g;
const workerPattern = /\bworkerUrl\(\s*import\.meta\.url,\s*'([^'\n]+)'/g;
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
  const imports = [...relative, ...workers, ...urls].map((name) => posix.normalize(posix.join(posix.dirname(path), name)));
  return { path, text, code, imports, packages: named.filter((name) => !name.startsWith('.')) };
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

/** Everything that a file reaches by imports, itself included. */
export function reachedFrom(path: string, files: ReadonlyMap<string, SourceFile>): Set<string> {
  const reached = new Set([path]);
  for (const next of reached) for (const imported of files.get(next)?.imports ?? []) if (files.has(imported)) reached.add(imported);
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
