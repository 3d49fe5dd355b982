import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The interpreter of a virtual environment that has the packages, made below ~/.cache at the first time. Null where there is no Python, or its package index cannot be reached; with
 * CI=true that throws.
 */
export async function pythonWith(name: string, packages: readonly string[]): Promise<string | null> {
  const folder = path.join(homedir(), '.cache/spoor-python', name);
  const python = path.join(folder, 'bin/python');
  if (existsSync(path.join(folder, 'complete'))) return python;
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(path.dirname(folder), { recursive: true });
    await run('python3', ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { timeout: 300_000 });
    await mkdir(path.join(folder, 'complete.new'));
    await rename(path.join(folder, 'complete.new'), path.join(folder, 'complete'));
    return python;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return null;
  }
}
