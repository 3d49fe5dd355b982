/** A stream as a JSON push has it. */
export interface PushStream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [string, string] | readonly [string, string, Readonly<Record<string, string>>])[];
}

/** A stream of an answer. */
export interface AnsweredStream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [string, string])[];
}

/** A series of an answer. */
export interface AnsweredSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

/** An answer that is no success. */
export class ApiError extends Error {
  readonly status: number;
  readonly retryAfter: string | null;

  constructor(status: number, text: string, retryAfter: string | null) {
    super(`${status}: ${text}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

type Values = Readonly<Record<string, string | number | bigint>>;

/** Loki's API of a running server. */
export class Api {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.url = url;
    this.#headers = headers;
  }

  /** A request, whatever its answer. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, { ...init, headers: { ...this.#headers, ...(init.headers as Record<string, string> | undefined) } });
  }

  /** The body of an answer; throws ApiError where it is no success. */
  async text(path: string, init: RequestInit = {}): Promise<string> {
    const answer = await this.fetch(path, init);
    const text = await answer.text();
    if (!answer.ok) throw new ApiError(answer.status, text, answer.headers.get('retry-after'));
    return text;
  }

  async get<Answer>(path: string, values: Values = {}): Promise<Answer> {
    return JSON.parse(await this.text(`${path}?${form(values)}`)) as Answer;
  }

  async push(streams: readonly PushStream[]): Promise<void> {
    await this.text('/loki/api/v1/push', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ streams }) });
  }

  async flush(): Promise<void> {
    await this.text('/flush', { method: 'POST' });
  }

  /** The streams that a log query answers. */
  async streams(query: string, values: Values = {}): Promise<readonly AnsweredStream[]> {
    return (await this.get<{ data: { result: readonly AnsweredStream[] } }>('/loki/api/v1/query_range', { query, limit: 5000, ...values })).data.result;
  }

  /** Lines in the order of the answer, of one stream after another. */
  async lines(query: string, values: Values = {}): Promise<readonly string[]> {
    return (await this.streams(query, values)).flatMap((stream) => stream.values.map(([, line]) => line));
  }

  /** What an instant query answers. */
  async vector(query: string, values: Values = {}): Promise<readonly AnsweredSeries[]> {
    return (await this.get<{ data: { result: readonly AnsweredSeries[] } }>('/loki/api/v1/query', { query, ...values })).data.result;
  }

  /** The only value of an instant query; 0 where there is none. */
  async number(query: string, values: Values = {}): Promise<number> {
    return Number((await this.vector(query, values))[0]?.value?.[1] ?? 0);
  }

  /** All samples of /metrics by name and labels, as they are written. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    return parseMetrics(await this.text('/metrics'));
  }
}

/** Values as a query string or a form. */
export function form(values: Values): string {
  return new URLSearchParams(Object.entries(values).map(([name, value]): [string, string] => [name, String(value)])).toString();
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*\})?) (-?(?:[0-9.]+(?:e[+-]?\d+)?)|Na[Nn]|[+-]Inf)(?: \d+)?$/;

/** Reads the Prometheus text format strictly; throws at a line that is none. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || /^# (?:HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* ./.test(line)) continue;
    const [, name, value] = sampleLine.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`not a line of the Prometheus format: ${line}`);
    if (samples.has(name)) throw new Error(`twice: ${name}`);
    samples.set(name, Number(value.replace('Inf', 'Infinity').replace('Nan', 'NaN')));
  }
  return samples;
}
