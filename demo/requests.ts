import type { Random } from './random.ts';
import type { Level, Remark, ServiceName } from './services.ts';

/** Something that a service says in the course of a request. */
export interface Event {
  /** Milliseconds since the request began. */
  readonly atMs: number;
  readonly service: ServiceName;
  /** Which replica said it. */
  readonly replica: number;
  readonly remark: Omit<Remark, 'timeNs'>;
}

/** A request through the shop: who said what, and when, in the order of time. */
export interface Request {
  readonly traceId: string;
  readonly failed: boolean;
  readonly events: readonly Event[];
}

const users = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'] as const;
const agents = ['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0)', 'shop-app/7.3 (Android 16)', 'curl/8.14.1'] as const;

const paymentTimeout = [
  'com.example.shop.checkout.PaymentUnavailableException: payment did not answer within 2000 ms',
  '\tat com.example.shop.checkout.PaymentClient.charge(PaymentClient.java:87)',
  '\tat com.example.shop.checkout.OrderService.place(OrderService.java:142)',
  '\tat com.example.shop.checkout.OrderController.create(OrderController.java:51)',
  '\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)',
  '\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:885)',
  'Caused by: java.net.SocketTimeoutException: Read timed out',
  '\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:278)',
  '\t... 41 common frames omitted',
];

const labelTraceback = [
  'Traceback (most recent call last):',
  '  File "/app/shipping/labels.py", line 73, in create',
  '    weight = sum(item["weight_g"] for item in order["items"])',
  '  File "/app/shipping/labels.py", line 73, in <genexpr>',
  '    weight = sum(item["weight_g"] for item in order["items"])',
  "KeyError: 'weight_g'",
];

/** Makes up one request. The same state of `random` gives the same request. */
export function makeRequest(random: Random): Request {
  return new RequestMaker(random).make();
}

class RequestMaker {
  readonly #random: Random;
  readonly #traceId: string;
  readonly #events: Event[] = [];
  readonly #replicas = new Map<ServiceName, number>();
  #ms = 0;
  #failed = false;

  constructor(random: Random) {
    this.#random = random;
    this.#traceId = random.hex(32);
  }

  make(): Request {
    const random = this.#random;
    const kind = random.pick(['browse', 'browse', 'browse', 'login', 'checkout', 'checkout'] as const);
    const user = random.pick(users);
    const item = random.int(100, 999);
    const [method, path] = kind === 'browse' ? ['GET', `/api/items/${item}`] : kind === 'login' ? ['POST', '/api/login'] : ['POST', '/api/orders'];
    const requestId = random.hex(16);
    this.#say('gateway', 'info', 'request received', { method, path, request_id: requestId }, random.int(1, 3));
    const status = kind === 'browse' ? this.#browse(item) : kind === 'login' ? this.#login(user) : this.#checkout(user, item);
    const duration = this.#ms;
    const level = status >= 500 ? 'error' : duration > 1000 ? 'warn' : 'info';
    const message = status >= 500 ? 'request failed' : duration > 1000 ? 'slow request' : 'request completed';
    this.#say('gateway', level, message, { method, path, status, duration_ms: duration, user, request_id: requestId }, random.int(1, 4));
    this.#say('nginx', 'info', '', { client: `10.42.${random.int(0, 3)}.${random.int(2, 250)}`, method, path, status, bytes: random.int(180, 9000), agent: random.pick(agents), seconds: (this.#ms / 1000).toFixed(3) }, 1);
    return { traceId: this.#traceId, failed: this.#failed, events: this.#events };
  }

  #browse(item: number): number {
    const random = this.#random;
    if (random.chance(0.02)) {
      this.#say('inventory', 'warn', 'item not found', { item }, random.int(2, 10));
      return 404;
    }
    this.#lookUp(item);
    return 200;
  }

  #login(user: string): number {
    const random = this.#random;
    const refused = random.chance(0.1);
    this.#say('auth', refused ? 'warn' : 'info', refused ? 'wrong password' : 'login succeeded', { user, method: random.pick(['password', 'passkey']), attempt: refused ? random.int(1, 4) : 1 }, random.int(20, 90));
    return refused ? 401 : 200;
  }

  #checkout(user: string, item: number): number {
    const random = this.#random;
    const order = `ord-${random.hex(8)}`;
    const cents = random.int(499, 24_999);
    this.#say('auth', 'info', 'token verified', { user, expires_in: `${random.int(60, 3600)}s` }, random.int(2, 8));
    this.#say('checkout', 'info', `placing order ${order}`, { user, items: random.int(1, 5) }, random.int(3, 12));
    this.#lookUp(item);
    this.#say('payment', 'info', 'charge requested', { order, amount_cents: cents, currency: 'EUR' }, random.int(2, 9));
    if (random.chance(0.03)) {
      this.#failed = true;
      this.#say('payment', 'error', 'bank did not answer', { order, bank: 'acme', attempts: 3 }, 1800);
      this.#say('checkout', 'error', `order ${order} failed`, {}, random.int(200, 260), paymentTimeout);
      return 502;
    }
    if (random.chance(0.05)) {
      this.#say('payment', 'warn', 'charge refused', { order, reason: random.pick(['insufficient_funds', 'card_expired', 'suspected_fraud']) }, random.int(90, 400));
      this.#say('checkout', 'warn', `order ${order} refused by payment`, {}, random.int(2, 8));
      return 402;
    }
    // Once in a while somebody logs a whole document; such a line takes several records of the container runtime.
    const extra = random.chance(0.02) ? { receipt: Array.from({ length: 700 }, (_, i) => `${i}:${random.hex(32)}`).join(' ') } : {};
    this.#say('payment', 'info', 'charge accepted', { order, authorization: random.hex(12), ...extra }, random.int(60, 350));
    this.#say('checkout', 'info', `order ${order} placed`, { total: `${(cents / 100).toFixed(2)} EUR` }, random.int(3, 12));
    if (random.chance(0.02)) {
      this.#failed = true;
      this.#say('shipping', 'error', `no label for ${order}`, {}, random.int(5, 20), labelTraceback);
      return 500;
    }
    this.#say('shipping', 'info', `label printed for ${order}`, { carrier: random.pick(['dhl', 'ups', 'gls']) }, random.int(10, 60));
    return 201;
  }

  #lookUp(item: number): void {
    const random = this.#random;
    const slow = random.chance(0.04);
    if (random.chance(0.3)) this.#say('inventory', 'debug', 'cache miss', { item }, random.int(1, 3));
    const duration = slow ? random.int(1200, 3800) : random.int(2, 40);
    this.#say('inventory', slow ? 'warn' : 'info', slow ? 'slow query' : 'item read', { item, duration: `${duration}ms`, rows: 1 }, duration);
  }

  #say(service: ServiceName, level: Level, message: string, fields: Remark['fields'], afterMs: number, trailer?: readonly string[]): void {
    this.#ms += afterMs;
    const replica = this.#replicas.get(service) ?? this.#random.int(0, 1);
    this.#replicas.set(service, replica);
    const remark = { level, message, traceId: this.#traceId, spanId: this.#random.hex(16), fields, ...(trailer === undefined ? {} : { trailer }) };
    this.#events.push({ atMs: this.#ms, service, replica, remark });
  }
}
