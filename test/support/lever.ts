import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP connection to another server that can be made to stall or to break. */
export interface Lever {
  readonly endpoint: string;
  /** `pass`: what is sent arrives; `stall`: not before it passes again; `break`: connections are broken off. */
  mode(mode: 'pass' | 'stall' | 'break'): void;
  /** Bytes that stalled so far. */
  readonly held: number;
  close(): Promise<void>;
}

/** Stands before the server at `endpoint`. */
export async function leverTo(endpoint: string): Promise<Lever> {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  let now: 'pass' | 'stall' | 'break' = 'pass';
  let held = 0;
  let stalled: (() => void)[] = [];
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    near.on('data', (data) => {
      if (now === 'break') near.destroy();
      else if (now === 'pass') far.write(data);
      else {
        held += data.length;
        stalled.push(() => far.write(data));
      }
    });
    far.on('data', (data) => near.write(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mode: (mode) => {
      now = mode;
      if (mode === 'stall') return;
      for (const send of stalled) send();
      stalled = [];
    },
    get held() {
      return held;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
