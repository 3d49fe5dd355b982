import http2 from 'node:http2';
import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { startInProcess } from '../../support/in-process.ts';

const path = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';

it('bounds the calls whose messages have not come, and how long they may take', async () => {
  // Room for eight, the least.
  const server = await startInProcess('grpc: {listen: "127.0.0.1:0", message_bytes_max: 64MB}\nserver: {push_bytes_max: 128MB, read_timeout: 4s}\n');
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
  const calls = Array.from({ length: 20 }, (_, i) => open(i === 0 ? Buffer.alloc(5) : cut));
  // Those that are there at once are not held up by the others.
  expect(await Promise.all(Array.from({ length: 40 }, () => open(Buffer.alloc(5), true)))).toEqual(Array.from({ length: 40 }, () => status.OK));
  // Eight may be slow; they are told in the end that they took too long.
  const codes = await Promise.all(calls);
  expect(codes.toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 8 }, () => status.INVALID_ARGUMENT), ...Array.from({ length: 12 }, () => status.UNAVAILABLE)]);
  expect(await open(Buffer.alloc(5), true)).toBe(status.OK);
  session.destroy();
  await server.close();
});
