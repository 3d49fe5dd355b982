import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allRows } from '../../../../agent/buffer/destination-queue.ts';
import { S3Archive } from '../../../../agent/ship/archive/s3.ts';
import { describeWithMinio, startMinio, type Minio } from '../../../support/minio.ts';
import { temporaryDir } from '../../harness.ts';
import { batchOf, stream } from '../../buffer/batches.ts';

await describeWithMinio('the S3 archive', () => {
  describe('the S3 archive', () => {
    let minio: Minio;
    let dir: ReturnType<typeof temporaryDir>;
    let client: S3Client;

    beforeAll(async () => {
      minio = await startMinio();
      dir = temporaryDir();
      writeFileSync(join(dir.path, 'secret'), `${minio.secretAccessKey}\n`);
      client = new S3Client({ endpoint: minio.endpoint, region: minio.region, forcePathStyle: true, credentials: { accessKeyId: minio.accessKeyId, secretAccessKey: minio.secretAccessKey } });
    }, 120_000);
    afterAll(async () => {
      client.destroy();
      await minio.close();
      dir[Symbol.dispose]();
    });

    const archive = (prefix: string, options: { readonly bucket?: string } = {}) => new S3Archive({
      bucket: minio.bucket, prefix, labels: ['namespace', 'app'], endpoint: minio.endpoint, accessKeyId: minio.accessKeyId, secretAccessKeyFile: join(dir.path, 'secret'), timeoutMs: 20_000, ...options,
    }, { requests: 0, requestBytes: 0 });

    async function objects(prefix: string): Promise<Map<string, string[]>> {
      const listed = await client.send(new ListObjectsV2Command({ Bucket: minio.bucket, Prefix: prefix }));
      const found = new Map<string, string[]>();
      for (const { Key = '' } of listed.Contents ?? []) {
        const { Body: body } = await client.send(new GetObjectCommand({ Bucket: minio.bucket, Key }));
        const bytes = Buffer.from(await body!.transformToByteArray());
        const text = bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString();
        found.set(Key, text.trimEnd().split('\n').map((line) => (JSON.parse(line) as { line: string }).line));
      }
      return found;
    }

    it('has an object for each hour and each set of labels; the same batch makes the same objects', { timeout: 120_000 }, async () => {
      const hour = 1_795_132_800;
      const db = stream({ app: 'db/x', namespace: 'shop' });
      const batch = batchOf([{ line: 'a', seconds: hour }, { line: 'b', seconds: hour + 3599 }, { line: 'c', seconds: hour + 3600 }, { line: 'd', seconds: hour, stream: db }]);
      const sender = archive('one');
      const signal = new AbortController().signal;
      expect(await sender.send(batch, allRows(4), 'team', signal)).toEqual({ kind: 'delivered' });
      expect(await sender.send(batch, allRows(4), 'team', signal)).toEqual({ kind: 'delivered' });
      await sender.close();
      expect(Array.from(await objects('one/'), ([key, lines]) => [key.replace(/[0-9a-f]{24}\.ndjson\.gz$/, 'HASH'), lines])).toEqual([
        ['one/team/namespace=shop/app=db_2Fx/2026/11/20/00/1795132800000-HASH', ['d']],
        ['one/team/namespace=shop/app=web/2026/11/20/00/1795132800000-HASH', ['a', 'b']],
        ['one/team/namespace=shop/app=web/2026/11/20/01/1795136400000-HASH', ['c']],
      ]);
    });

    it('goes on after an outage, and says aloud where only a person can help', { timeout: 120_000 }, async () => {
      const sender = archive('two');
      const missing = archive('two', { bucket: 'no-such-bucket' });
      const signal = new AbortController().signal;
      expect(await missing.send(batchOf(['a']), allRows(1), undefined, signal)).toMatchObject({ kind: 'retry', loud: true, reason: expect.stringContaining('NoSuchBucket') });
      await minio.stop();
      expect(await sender.send(batchOf(['a']), allRows(1), undefined, signal)).toMatchObject({ kind: 'retry', loud: false });
      await minio.restart();
      expect(await sender.send(batchOf(['a']), allRows(1), undefined, signal)).toEqual({ kind: 'delivered' });
      expect([...(await objects('two/')).values()]).toEqual([['a']]);
      await sender.close();
      await missing.close();
    });
  });
});
