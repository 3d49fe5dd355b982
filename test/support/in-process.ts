import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { readConfiguration, startServer, type RunningServer } from '../../src/server/mod.ts';
import { Api } from './api.ts';

/** A server in this process, on a free port and a directory of its own. */
export interface InProcess {
  readonly api: Api;
  readonly url: string;
  /** The ports of its gRPC server. */
  readonly grpcPorts: readonly number[];
  readonly directory: string;
  /** What it logged, as JSON lines. */
  readonly log: readonly string[];
  as(headers: Readonly<Record<string, string>>): Api;
  /** Stops it and starts it again on the same data. */
  restart(): Promise<void>;
  /** Stops it and deletes its data. */
  close(): Promise<void>;
}

/** Starts it with the given configuration file and SPOOR_… variables; without a gRPC server unless the file has one. */
export async function startInProcess(config = '', environment: Readonly<Record<string, string>> = {}): Promise<InProcess> {
  const directory = await mkdtemp(path.join(tmpdir(), 'spoor-http-'));
  const log: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log.push(chunk.toString());
      done();
    },
  });
  const start = async (): Promise<RunningServer> =>
    startServer(
      readConfiguration({ file: { name: 'test.yaml', text: config }, environment: { SPOOR_QUERIER_THREADS: '2', ...(config.includes('grpc:') ? {} : { SPOOR_GRPC_LISTEN: '' }), ...environment }, flags: { data_dir: directory, listen: '127.0.0.1:0' } }),
      pino({ level: 'warn' }, sink),
    );
  let server = await start();
  return {
    get api() {
      return new Api(server.url);
    },
    get url() {
      return server.url;
    },
    get grpcPorts() {
      return server.grpcPorts;
    },
    directory,
    log,
    as: (headers) => new Api(server.url, headers),
    restart: async () => {
      await server.stop();
      server = await start();
    },
    close: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
