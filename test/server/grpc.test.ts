import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { startInProcess } from '../support/in-process.ts';

it('goes on without its default address, which others have, and says so', async () => {
  const holder = createServer().listen(4317, '127.0.0.1');
  // Somebody else may have it already.
  await Promise.race([once(holder, 'listening'), once(holder, 'error')]).catch(() => undefined);
  const server = await startInProcess('grpc: {message_bytes_max: 1MB}\n');
  expect(server.grpcPorts).toEqual([]);
  expect(server.log.join('')).toContain('no gRPC server: 127.0.0.1:4317 (grpc.listen) cannot be had');
  await server.close();
  holder.close();
});
