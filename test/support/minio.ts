import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';

/** A running S3 server with an empty bucket. */
export interface Minio {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
  /** Ends the server; what it stores stays. For outage tests. */
  stop(): Promise<void>;
  /** Starts it again after stop, at the same address. */
  restart(): Promise<void>;
  /** Ends it for good and deletes what it stored. */
  close(): Promise<void>;
}

interface Server {
  start(): Promise<void>;
  stop(): Promise<void>;
  dispose(): Promise<void>;
}

const image = 'minio/minio:latest';
const region = 'us-east-1';

/**
 * Where an S3 server for tests comes from here: a Docker engine (testcontainers), else a minio binary ($MINIO_BIN, PATH, ~/.cache/spoor-bin/minio).
 * The reason why not, where there is neither.
 */
export async function findMinio(): Promise<{ readonly kind: 'docker' } | { readonly kind: 'binary'; readonly path: string } | { readonly kind: 'none'; readonly reason: string }> {
  if (await dockerAnswers()) return { kind: 'docker' };
  const named = process.env['MINIO_BIN'];
  const candidates = [
    ...(named === undefined || named === '' ? [] : [named]),
    ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '').map((folder) => join(folder, 'minio')),
    join(homedir(), '.cache', 'spoor-bin', 'minio'),
  ];
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path !== undefined) return { kind: 'binary', path };
  return { kind: 'none', reason: 'no Docker engine answers and there is no minio binary ($MINIO_BIN, PATH, ~/.cache/spoor-bin/minio); GOBIN=$HOME/.cache/spoor-bin go install github.com/minio/minio@latest makes one' };
}

/**
 * Registers `suite` where an S3 server can be started. Where none can be, a skipped test says why; with CI=true that is a failure.
 */
export async function describeWithMinio(name: string, suite: () => void): Promise<void> {
  const found = await findMinio();
  if (found.kind !== 'none') {
    suite();
  } else if (process.env['CI'] === 'true') {
    test(`${name}: needs an S3 server`, () => {
      throw new Error(found.reason);
    });
  } else {
    test.skip(`${name}: skipped, ${found.reason}`, () => undefined);
  }
}

/** Starts an S3 server of its own on loopback, with random keys and an empty bucket. Throws where none can be started. */
export async function startMinio(): Promise<Minio> {
  const found = await findMinio();
  if (found.kind === 'none') throw new Error(found.reason);
  const accessKeyId = `spoor${randomBytes(6).toString('hex')}`;
  const secretAccessKey = randomBytes(16).toString('hex');
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = found.kind === 'docker' ? await container(port, accessKeyId, secretAccessKey) : await binary(found.path, port, accessKeyId, secretAccessKey);
    const endpoint = `http://127.0.0.1:${port}`;
    try {
      await server.start();
      await answers(endpoint);
      const bucket = 'spoor';
      await makeBucket({ endpoint, accessKeyId, secretAccessKey, bucket });
      return {
        endpoint, region, accessKeyId, secretAccessKey, bucket,
        stop: async () => server.stop(),
        restart: async () => {
          await server.start();
          await answers(endpoint);
        },
        close: async () => server.dispose(),
      };
    } catch (error) {
      // Somebody else may have taken the port in between.
      await server.dispose();
      if (attempt === 3) throw error;
    }
  }
}

async function dockerAnswers(): Promise<boolean> {
  const host = process.env['DOCKER_HOST'];
  const address = host === undefined || host === '' ? '/var/run/docker.sock' : /^(?:unix|tcp):\/\/(.+)$/.exec(host)?.[1];
  if (address === undefined) return false;
  const [name, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = address.startsWith('/') ? connect(address) : connect(Number(port ?? 2375), name ?? '');
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

async function container(port: number, user: string, password: string): Promise<Server> {
  const { GenericContainer, Wait } = await import('testcontainers');
  let started: Awaited<ReturnType<InstanceType<typeof GenericContainer>['start']>> | undefined;
  return {
    async start() {
      if (started !== undefined) return started.restart();
      started = await new GenericContainer(image)
        .withCommand(['server', '/data'])
        .withEnvironment({ MINIO_ROOT_USER: user, MINIO_ROOT_PASSWORD: password, MINIO_BROWSER: 'off' })
        .withExposedPorts({ container: 9000, host: port })
        .withWaitStrategy(Wait.forListeningPorts())
        .start();
    },
    async stop() {
      await started?.stop({ remove: false, removeVolumes: false });
    },
    async dispose() {
      await started?.stop();
    },
  };
}

async function binary(path: string, port: number, user: string, password: string): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), 'spoor-minio-'));
  let child: ChildProcess | undefined;
  const kill = (): void => void child?.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  };
  return {
    async start() {
      await stop();
      child = spawn(path, ['server', directory, '--address', `127.0.0.1:${port}`, '--quiet'], {
        stdio: 'ignore',
        env: { ...process.env, MINIO_ROOT_USER: user, MINIO_ROOT_PASSWORD: password, MINIO_BROWSER: 'off', MINIO_UPDATE: 'off', HOME: directory },
      });
      await new Promise((resolve, reject) => {
        child?.once('spawn', resolve);
        child?.once('error', reject);
      });
    },
    stop,
    async dispose() {
      process.removeListener('exit', kill);
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answers(endpoint: string): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const ok = await fetch(`${endpoint}/minio/health/ready`).then((response) => response.ok, () => false);
    if (ok) return;
    await sleep(100);
  }
  throw new Error(`the S3 server at ${endpoint} does not answer`);
}

async function makeBucket(at: { endpoint: string; accessKeyId: string; secretAccessKey: string; bucket: string }): Promise<void> {
  const { CreateBucketCommand, S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({ region, endpoint: at.endpoint, forcePathStyle: true, credentials: { accessKeyId: at.accessKeyId, secretAccessKey: at.secretAccessKey }, maxAttempts: 8 });
  await client.send(new CreateBucketCommand({ Bucket: at.bucket }));
  client.destroy();
}

/** Variables that point a server at it. */
export function minioEnvironment(minio: Minio): Record<string, string> {
  return {
    SPOOR_STORAGE_TYPE: 's3',
    SPOOR_STORAGE_S3_ENDPOINT: minio.endpoint,
    SPOOR_STORAGE_S3_BUCKET: minio.bucket,
    SPOOR_STORAGE_S3_REGION: minio.region,
    SPOOR_STORAGE_S3_ACCESS_KEY_ID: minio.accessKeyId,
    SPOOR_STORAGE_S3_SECRET_ACCESS_KEY: minio.secretAccessKey,
    SPOOR_STORAGE_S3_FORCE_PATH_STYLE: 'true',
  };
}
