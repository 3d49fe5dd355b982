import http2 from 'node:http2';
import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { startInProcess } from '../../support/in-process.ts';

const path = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';

it('bounds the calls whose messages have not come, and how long they may take', async () => {
  // Room for eight, the least.
  const server = await startInProcess('grpc: {listen: "127.0.0.1:0", message_bytes_max: 64MB}\nserver: {push_bytes_max: 128MB, read_timeout: 1s}\n');
  const session = http2.connect(`http://127.0.0.1:${server.grpcPorts[0]!}`);
  /** A call that sends so much and no more; gives its status. */
  const open = async (bytes: Buffer, ends = false): Promise<number> => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
    const code = Promise.withResolvers<number>();
    const note = (headers: http2.IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined) code.resolve(Number(headers['grpc-status']));
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', code.reject);
    stream.resume();
    stream.write(bytes);
    if (ends) stream.end();
    const answered = await code.promise;
    stream.close();
    return answered;
  };
  const cut = Buffer.from([0, 0, 0, 0, 9, 1]);
  // A message that is there, but not the end of its call, counts too.
  const slow = Array.from({ length: 8 }, (_, i) => open(i === 0 ? Buffer.alloc(5) : cut));
  expect(await open(cut)).toBe(status.UNAVAILABLE);
  // The others are told that they took too long, and leave room.
  expect(await Promise.all(slow)).toEqual(slow.map(() => status.INVALID_ARGUMENT));
  expect(await open(Buffer.alloc(5), true)).toBe(status.OK);
  session.destroy();
  await server.close();
});
