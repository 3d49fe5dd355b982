/**
 * `npm run build`: makes dist/ for the published package. Node strips no types under node_modules, so the package holds compiled JavaScript in the layout
 * of the sources: dist/src, dist/agent, dist/cli, dist/ui, and a package.json, so that paths between files are the same in both.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const compiled = ['src', 'agent', 'cli'];

rmSync(dist, { recursive: true, force: true });
compile();
copyOthers();
checkImports();
process.stdout.write(`dist: ${readdirSync(dist, { recursive: true }).length} files and folders\n`);

function compile(): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly bin: Readonly<Record<string, string>> };
  const tsc = join(dirname(manifest), bin['tsc'] ?? 'bin/tsc');
  const { status, error } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tools', 'tsconfig.build.json')], { stdio: 'inherit', cwd: root });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`tsc ended with ${status}`);
}

/** What is no TypeScript but needed beside it, the page, and what marks the files as modules and tells the version. */
function copyOthers(): void {
  for (const folder of compiled) {
    for (const file of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!file.isFile() || file.name.endsWith('.ts')) continue;
      const from = join(file.parentPath, file.name);
      const to = join(dist, from.slice(root.length));
      mkdirSync(dirname(to), { recursive: true });
      cpSync(from, to);
    }
  }
  cpSync(join(root, 'ui'), join(dist, 'ui'), { recursive: true });
  const { name, version, license, type } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Readonly<Record<string, string>>;
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ name, version, license, type, private: true }, null, 2)}\n`);
}

/** No compiled file may still ask for a TypeScript one. */
function checkImports(): void {
  const left: string[] = [];
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js')) continue;
    const text = readFileSync(join(dist, file), 'utf8');
    for (const match of text.matchAll(/^\s*(?:import|export)\b[^'"`;]*['"](\.[^'"]*\.ts)['"]|\bimport\(\s*['"](\.[^'"]*\.ts)['"]|new URL\(\s*['"]([^'"]*\.ts)['"]/gm)) left.push(`${file}: ${match[1] ?? match[2] ?? match[3]}`);
  }
  if (left.length > 0) throw new Error(`compiled files that ask for TypeScript:\n${left.join('\n')}`);
}
