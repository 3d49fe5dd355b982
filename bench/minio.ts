/** A MinIO of our own on loopback, with random keys and an empty bucket. */
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './machine.ts';

export interface Minio {
  /** Variables that point spoor at it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Bytes and number of the objects in the bucket. */
  stored(): Promise<{ readonly bytes: number; readonly files: number }>;
  close(): Promise<void>;
}

/** $MINIO_BIN, else ~/.cache/spoor-bin/minio, where there is one. */
export function minioBinary(): string | undefined {
  const named = process.env['MINIO_BIN'] ?? path.join(homedir(), '.cache/spoor-bin/minio');
  return existsSync(named) ? named : undefined;
}

/** Starts it with its data in `folder`. */
export async function startMinio(binary: string, folder: string): Promise<Minio> {
  mkdirSync(folder, { recursive: true });
  const accessKeyId = `spoor${randomBytes(6).toString('hex')}`;
  const secretAccessKey = randomBytes(16).toString('hex');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(binary, ['server', folder, '--address', `127.0.0.1:${port}`, '--quiet'], {
    stdio: 'ignore',
    env: { ...process.env, MINIO_ROOT_USER: accessKeyId, MINIO_ROOT_PASSWORD: secretAccessKey, MINIO_BROWSER: 'off', MINIO_UPDATE: 'off', HOME: folder },
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  for (let attempt = 0; !(await fetch(`${endpoint}/minio/health/ready`).then(({ ok }) => ok, () => false)); attempt++) {
    if (attempt === 300) throw new Error(`the S3 server at ${endpoint} does not answer`);
    await sleep(100);
  }
  const bucket = 'spoor';
  const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    environment: {
      SPOOR_STORAGE_TYPE: 's3',
      SPOOR_STORAGE_S3_ENDPOINT: endpoint,
      SPOOR_STORAGE_S3_BUCKET: bucket,
      SPOOR_STORAGE_S3_REGION: 'us-east-1',
      SPOOR_STORAGE_S3_ACCESS_KEY_ID: accessKeyId,
      SPOOR_STORAGE_S3_SECRET_ACCESS_KEY: secretAccessKey,
      SPOOR_STORAGE_S3_FORCE_PATH_STYLE: 'true',
    },
    async stored() {
      let bytes = 0;
      let files = 0;
      for (let token: string | undefined; ; ) {
        const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }));
        for (const { Size } of page.Contents ?? []) {
          bytes += Size ?? 0;
          files++;
        }
        token = page.NextContinuationToken;
        if (token === undefined) return { bytes, files };
      }
    },
    async close() {
      client.destroy();
      process.removeListener('exit', kill);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
