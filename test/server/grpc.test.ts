import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startInProcess } from '../support/in-process.ts';

/** Takes the default port, as soon as nobody else has it. */
async function takeDefaultPort(): Promise<Server> {
  for (let attempt = 0; ; attempt++) {
    const holder = createServer();
    try {
      holder.listen(4317, '127.0.0.1');
      // Rejects where `error` comes first.
      await once(holder, 'listening');
      return holder;
    } catch (error) {
      if (attempt === 300) throw error;
      await sleep(100);
    }
  }
}

it('goes on without its default address, which others have, and says so', async () => {
  const holder = await takeDefaultPort();
  const server = await startInProcess('grpc: {message_bytes_max: 1MB}\n');
  expect(server.grpcPorts).toEqual([]);
  expect(server.log.join('')).toContain('no gRPC server: 127.0.0.1:4317 (grpc.listen) cannot be had');
  await server.close();
  holder.close();
});
