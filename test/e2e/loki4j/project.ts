import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = path.join(homedir(), '.cache/spoor-maven');
const pom = path.join(import.meta.dirname, 'pom.xml');

/**
 * The class path of pom.xml, whose packages Maven brings to ~/.cache at the first time. Null where there is no Java or Maven, or its repository cannot be reached; with CI=true that throws
 * unless mvn is missing.
 */
export async function classPath(): Promise<string | null> {
  const file = path.join(folder, 'loki4j-2.1.0.path');
  try {
    if (!existsSync(file)) {
      await mkdir(folder, { recursive: true });
      await run('mvn', ['-q', '-B', '-f', pom, 'dependency:build-classpath', `-Dmdep.outputFile=${file}.new`, `-Dmaven.repo.local=${folder}`], { timeout: 400_000 });
      await rename(`${file}.new`, file);
    }
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (process.env['CI'] === 'true' && (error as { code?: unknown }).code !== 'ENOENT') throw error;
    return null;
  }
}
