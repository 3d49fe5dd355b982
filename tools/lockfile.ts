/**
 * Completes package-lock.json: `node tools/lockfile.ts`, after each change of it.
 *
 * npm leaves a platform's package out of the lock file where the registry it was written against did not have it, and `npm ci` then refuses the file
 * ("Missing: … from lock file"), on every platform. What is left out is written here from the package that asks for it: name, version, and the platform that
 * its name says. npm checks the rest when it installs it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What is known of one installed package. */
export interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly cpu?: string | readonly string[];
  readonly os?: string | readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package-lock.json of version 3: packages by their folder. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

/** The packages that others ask for if the platform fits, and that the lock file lacks, by folder. */
export function missingPackages({ packages }: Lockfile): Map<string, LockedPackage> {
  const missing = new Map<string, LockedPackage>();
  for (const [folder, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (!isThere(packages, folder, name)) missing.set(`node_modules/${name}`, { version, ...platformOf(name), ...(dev === true ? { dev } : {}), optional: true });
    }
  }
  return missing;
}

/** Node looks in the package's own node_modules, then in those of the folders above. */
function isThere(packages: Lockfile['packages'], folder: string, name: string): boolean {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (Object.hasOwn(packages, `${at === '' ? '' : `${at}/`}node_modules/${name}`)) return true;
    if (at === '') return false;
  }
}

/** The platform in a name such as `@oxlint/binding-linux-x64-musl`. */
function platformOf(name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> {
  const words = name.split('/').at(-1)?.split('-') ?? [];
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) throw new Error(`${name} is missing from package-lock.json, and its name does not say for which platform it is`);
  const libc = os !== 'linux' ? undefined : words.some((word) => word.startsWith('musl')) ? 'musl' : words.some((word) => word.startsWith('gnu')) ? 'glibc' : undefined;
  return { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }) };
}

if (import.meta.main) {
  const file = path.resolve(import.meta.dirname, '..', 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as Lockfile;
  const missing = missingPackages(lock);
  const packages = Object.fromEntries([...Object.entries(lock.packages), ...missing].sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
  process.stdout.write(`${missing.size} packages added\n`);
}
