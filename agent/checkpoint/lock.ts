import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { SpoorError } from '../../src/model/mod.ts';

/** Longest path of a Unix socket that every system takes. */
const socketPathMax = 100;

/** A state directory that is held. */
export interface StateLock {
  release(): Promise<void>;
}

/**
 * Holds a state directory for this process, by listening on a Unix socket in it: unlike a file with a process number it says the truth across containers, and after kill -9
 * nobody answers any more. Throws `agent_state_dir_in_use`.
 */
export async function lockStateDir(dir: string): Promise<StateLock> {
  const inDirectory = join(dir, 'agent.lock');
  // Too long a path for a socket: an abstract one, which vanishes with the process.
  const path = Buffer.byteLength(inDirectory) <= socketPathMax ? inDirectory : `\0spoor-agent-${createHash('sha256').update(realpathSync(dir)).digest('hex')}`;
  for (let attempt = 0; ; attempt++) {
    try {
      const server = await listen(path);
      return { release: () => close(server) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (attempt > 0 || path.startsWith('\0') || (await answers(path))) throw new SpoorError('agent_state_dir_in_use', { path: dir });
      rmSync(path, { force: true });
    }
  }
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
