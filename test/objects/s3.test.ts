import { execFileSync } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openS3Store, type CountedObjectStore } from '../../src/objects/mod.ts';
import { objectStoreContract, pattern } from '../contract/objects.ts';
import { describeWithMinio, startMinio, type Minio } from '../support/minio.ts';

const never = new AbortController().signal;

await describeWithMinio('S3 store', () => {
  for (const prefix of ['', 'some/where']) {
    objectStoreContract(`S3, prefix "${prefix}"`, async () => {
      const minio = await startMinio();
      const store = await openS3Store({ ...minio, prefix, multipartBytesMin: 6 * 2 ** 20, multipartPartBytes: 5 * 2 ** 20 });
      return { store, dispose: async () => minio.close() };
    });
  }

  describe('S3 store against a server that fails', () => {
    let minio: Minio;

    beforeAll(async () => {
      minio = await startMinio();
    });
    afterAll(async () => minio?.close());

    test('an outage is a retryable error, and over when the server is back', async () => {
      const store = await openS3Store({ ...minio, maxAttempts: 3, backoffMs: 5 });
      await store.put('before', Buffer.from('x'));
      await minio.stop();
      const down = { code: 'object_store', retryable: true };
      await expect(store.put('during', Buffer.from('y'))).rejects.toMatchObject({ ...down, details: { operation: 'put', key: 'during', reason: expect.stringContaining('ECONNREFUSED') } });
      await expect(store.putIfAbsent('during', Buffer.from('y'))).rejects.toMatchObject(down);
      await expect(store.getRange('before', 0, 1, never)).rejects.toMatchObject(down);
      await expect(store.delete(['before'])).rejects.toMatchObject(down);
      await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject(down);
      expect(store.counts().requests.put).toBe(1 + 3);
      expect(store.counts().failures.put).toBe(3);
      await minio.restart();
      expect(await store.putIfAbsent('during', Buffer.from('y'))).toBe(true);
      expect(Buffer.from(await store.getRange('before', 0, 1, never)).toString()).toBe('x');
      await store.close();
    });

    test('requests wait for a server that comes back before the attempts run out', async () => {
      const store = await openS3Store({ ...minio, maxAttempts: 60, backoffMs: 50, backoffMsMax: 200 });
      await minio.stop();
      const writing = Promise.all([store.put('patient/big', pattern(20 * 2 ** 20)), store.putIfAbsent('patient/once', Buffer.from('x'))]);
      await minio.restart();
      expect((await writing)[1]).toBe(true);
      expect(await store.getRange('patient/big', -7, 7, never)).toHaveLength(7);
      await store.close();
    });

    test('a wait between attempts ends with the signal; close ends everything', async () => {
      const store = await openS3Store({ ...minio, endpoint: 'http://127.0.0.1:1', maxAttempts: 10, backoffMs: 60_000, backoffMsMax: 60_000 });
      const controller = new AbortController();
      const reading = store.getRange('x', 0, 1, controller.signal);
      const writing = store.put('x', Buffer.from('y'));
      const reason = new Error('enough');
      setTimeout(() => controller.abort(reason), 50);
      await expect(reading).rejects.toBe(reason);
      await store.close();
      await expect(writing).rejects.toMatchObject({ code: 'object_store' });
      await expect(store.put('z', Buffer.from('y'))).rejects.toMatchObject({ code: 'object_store' });
    });

    test('wrong keys and buckets fail at once, with a reason', async () => {
      const wrongKey = await openS3Store({ ...minio, secretAccessKey: 'wrong' });
      await expect(wrongKey.put('x', Buffer.from('y'))).rejects.toMatchObject({ code: 'object_store', details: { reason: expect.stringContaining('SignatureDoesNotMatch') } });
      const wrongBucket = await openS3Store({ ...minio, bucket: 'not-there' });
      await expect(wrongBucket.put('x', Buffer.from('y'))).rejects.toMatchObject({ code: 'object_store', details: { reason: expect.stringContaining('NoSuchBucket') } });
      await expect(wrongBucket.getRange('x', 0, 1, never)).rejects.toMatchObject({ code: 'object_store' });
      expect(wrongKey.counts().requests.put + wrongBucket.counts().requests.put).toBe(2);
    });

    test('a failed upload in parts is taken back', async () => {
      const store = await openS3Store({ ...minio, maxAttempts: 1, multipartBytesMin: 2 ** 20, requestTimeoutMs: 30_000 });
      const faulty = await proxy(minio.endpoint, (request) => request.url?.includes('partNumber=3') === true);
      const broken = await openS3Store({ ...minio, endpoint: faulty.endpoint, maxAttempts: 2, backoffMs: 1, multipartBytesMin: 2 ** 20 });
      await expect(broken.put('torn', pattern(30 * 2 ** 20))).rejects.toMatchObject({ code: 'object_store' });
      await expect(store.getRange('torn', 0, 1, never)).rejects.toMatchObject({ code: 'object_not_found' });
      const client = new S3Client({ ...minio, forcePathStyle: true, credentials: minio });
      const left = await client.send(new ListMultipartUploadsCommand({ Bucket: minio.bucket, Prefix: 'torn' }));
      expect(left.Uploads ?? []).toEqual([]);
      client.destroy();
      await faulty.close();
    });

    test('a conditional write whose answer was lost is known again', async () => {
      let lose = 1;
      const faulty = await proxy(minio.endpoint, () => false, (request) => request.method === 'PUT' && lose-- > 0);
      const store = await openS3Store({ ...minio, endpoint: faulty.endpoint, maxAttempts: 3, backoffMs: 1 });
      expect(await store.putIfAbsent('lost/answer', Buffer.from('mine'))).toBe(true);
      expect(store.counts().requests.put_if_absent).toBe(2);
      const other = await openS3Store({ ...minio });
      expect(await other.putIfAbsent('lost/answer', Buffer.from('mine'))).toBe(false);
      lose = 1;
      expect(await store.putIfAbsent('lost/answer', Buffer.from('mine'))).toBe(false);
      await faulty.close();
    });
  });
});

/** A proxy in front of an S3 server: `refuse` answers 503, `lose` passes the request on and then breaks the connection. */
async function proxy(target: string, refuse: (request: IncomingMessage) => boolean, lose: (request: IncomingMessage) => boolean = () => false): Promise<{ endpoint: string; close(): Promise<void> }> {
  const host = new URL(target).host;
  return serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (refuse(request)) {
      response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
      return;
    }
    // The signature covers the Host header, so it has to be the proxy's; node:http lets it be set.
    const { request: send } = await import('node:http');
    const [hostname, port] = host.split(':');
    const passed = send({ hostname, port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      if (lose(request)) {
        answer.resume().on('end', () => response.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    passed.end(Buffer.concat(chunks));
  });
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>): Promise<{ endpoint: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    // A client that gives up breaks its request off.
    void Promise.resolve(answer(request, response)).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('S3 store against answers that a real server rarely gives', () => {
  const stores: CountedObjectStore[] = [];
  const servers: { close(): Promise<void> }[] = [];
  const open = async (answer: (request: IncomingMessage, response: ServerResponse, n: number) => void, options = {}): Promise<CountedObjectStore> => {
    let n = 0;
    const server = await serve((request, response) => {
      request.resume().on('end', () => answer(request, response, n++));
    });
    const store = await openS3Store({ endpoint: server.endpoint, bucket: 'b', accessKeyId: 'a', secretAccessKey: 's', backoffMs: 1, ...options });
    servers.push(server);
    stores.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const server of servers.splice(0)) await server.close();
  });

  test('a body that breaks off is read again', async () => {
    const store = await open((_, response, n) => {
      response.writeHead(206, { 'content-length': 10, 'content-range': 'bytes 0-9/10' });
      response.write('01234');
      if (n === 0) setTimeout(() => response.destroy(), 10);
      else response.end('56789');
    });
    expect(Buffer.from(await store.getRange('k', 0, 10, never)).toString()).toBe('0123456789');
    expect(store.counts().requests.get).toBe(2);
  });

  test('a server that never answers runs into the timeout', async () => {
    const store = await open(() => undefined, { requestTimeoutMs: 40, maxAttempts: 2 });
    await expect(store.put('k', Buffer.from('x'))).rejects.toMatchObject({ code: 'object_store', details: { reason: expect.stringContaining('no answer within 40 ms, 2 attempts') } });
    expect(store.counts().requests.put).toBe(2);
  });

  test('a body that stalls runs into the timeout too', async () => {
    const store = await open((_, response) => void response.writeHead(206, { 'content-length': 10, 'content-range': 'bytes 0-9/10' }).write('0'), { requestTimeoutMs: 40, maxAttempts: 2 });
    await expect(store.getRange('k', 0, 10, never)).rejects.toMatchObject({ code: 'object_store', details: { reason: expect.stringContaining('no answer within 40 ms') } });
  });

  test('503, 500, 429 and 409 are tried again, 403 is not', async () => {
    const statuses = [503, 500, 429, 409, 200];
    const store = await open((_, response, n) => void response.writeHead(statuses[n] ?? 200).end());
    expect(await store.putIfAbsent('k', Buffer.from('x'))).toBe(true);
    const refusing = await open((_, response) => void response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>'));
    await expect(refusing.put('k', Buffer.from('x'))).rejects.toMatchObject({ code: 'object_store', details: { reason: expect.stringContaining('HTTP 403') } });
    expect(refusing.counts().requests.put).toBe(1);
  });

  test('an object that deletes badly is an error', async () => {
    const store = await open((_, response) => void response.writeHead(200, { 'content-type': 'application/xml' }).end('<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code><Message>locked</Message></Error></DeleteResult>'), { maxAttempts: 2 });
    await expect(store.delete(['k'])).rejects.toMatchObject({ code: 'object_store', details: { key: 'k', reason: 'AccessDenied: locked' } });
  });

  test('a server that ignores ranges is found out', async () => {
    const store = await open((_, response) => void response.writeHead(200, { 'content-length': 10 }).end('0123456789'), { maxAttempts: 1 });
    await expect(store.getRange('k', 2, 3, never)).rejects.toMatchObject({ code: 'object_store', details: { reason: 'the server ignored the Range header' } });
  });

  test('reads end at once when the caller gives up', async () => {
    const store = await open(() => undefined);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('left')), 20);
    await expect(store.getRange('k', 0, 10, controller.signal)).rejects.toThrow('left');
  });
});

test('a process without S3 does not load the SDK', () => {
  const module = new URL('../../src/objects/mod.ts', import.meta.url).href;
  const sdkFiles = (then: string): number => {
    const script = `
      import { registerHooks } from 'node:module';
      let files = 0;
      registerHooks({ load: (url, context, next) => { if (url.includes('@aws-sdk')) files++; return next(url, context); } });
      const objects = await import(${JSON.stringify(module)});
      ${then}
      process.stdout.write(String(files));`;
    return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
  };
  expect(sdkFiles('')).toBe(0);
  expect(sdkFiles("await objects.openS3Store({ bucket: 'b', region: 'r' });")).toBeGreaterThan(0);
});
