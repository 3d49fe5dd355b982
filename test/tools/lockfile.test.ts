import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { missingPackages, type Lockfile } from '../../tools/lockfile.ts';

it('package-lock.json names every package that any platform needs: else npm ci refuses it', () => {
  const lock = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../package-lock.json'), 'utf8')) as Lockfile;
  expect([...missingPackages(lock).keys()], 'run: node tools/lockfile.ts').toEqual([]);
});

it('finds what is missing, where Node would look for it', () => {
  const packages = {
    '': { optionalDependencies: { top: '1.0.0' } },
    'node_modules/top': {},
    'node_modules/a': { dev: true, optionalDependencies: { '@a/linux-x64-musl': '1.2.3', '@a/darwin-arm64': '1.2.3', '@a/linux-arm-gnueabihf': '1.2.3', '@a/inner-linux-x64': '1.2.3' } },
    'node_modules/a/node_modules/@a/inner-linux-x64': {},
    'node_modules/a/node_modules/b': { optionalDependencies: { top: '1.0.0', '@b/win32-ia32-msvc': '2.0.0' } },
  };
  expect(Object.fromEntries(missingPackages({ packages }))).toEqual({
    'node_modules/@a/linux-x64-musl': { version: '1.2.3', os: ['linux'], cpu: ['x64'], libc: ['musl'], dev: true, optional: true },
    'node_modules/@a/darwin-arm64': { version: '1.2.3', os: ['darwin'], cpu: ['arm64'], dev: true, optional: true },
    'node_modules/@a/linux-arm-gnueabihf': { version: '1.2.3', os: ['linux'], cpu: ['arm'], libc: ['glibc'], dev: true, optional: true },
    'node_modules/@b/win32-ia32-msvc': { version: '2.0.0', os: ['win32'], cpu: ['ia32'], optional: true },
  });
});

it('says what it cannot know', () => {
  expect(() => missingPackages({ packages: { '': { optionalDependencies: { fsevents: '2.3.3' } } } })).toThrow(/fsevents is missing/);
});
