import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');

// What the build makes of the sources is tested where it is used: test/tools/package.test.ts installs and runs it.
test('the package brings what the command needs on each machine, in fixed versions', () => {
  const { bin, files, dependencies, optionalDependencies } = JSON.parse(read('package.json')) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  expect(bin).toEqual({ spoor: './bin/spoor.js' });
  expect(files).toEqual(expect.arrayContaining(['bin', 'dist']));
  for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies })) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  for (const name of Object.keys(optionalDependencies ?? {})) expect(read('bin/spoor.js'), name).toContain(`'${name}'`);
});

test('everything that is run is compiled: src, agent and cli, as strictly as it is checked', () => {
  const { extends: base, compilerOptions, include } = JSON.parse(read('tools/tsconfig.build.json')) as { readonly extends: string; readonly compilerOptions: unknown; readonly include: readonly string[] };
  expect(base).toBe('../tsconfig.json');
  expect(compilerOptions).toEqual({ noEmit: false, noEmitOnError: true, rewriteRelativeImportExtensions: true, rootDir: '..', outDir: '../dist' });
  expect(include).toEqual(['../src', '../agent', '../cli']);
});
