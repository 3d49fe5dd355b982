import { formatRfc3339 } from '../src/model/mod.ts';

/** The services of the demo shop; the container is named like the service. */
export const services = [
  { name: 'nginx', namespace: 'edge', replicas: 1 },
  { name: 'gateway', namespace: 'shop', replicas: 2 },
  { name: 'auth', namespace: 'shop', replicas: 1 },
  { name: 'checkout', namespace: 'shop', replicas: 2 },
  { name: 'inventory', namespace: 'shop', replicas: 1 },
  { name: 'payment', namespace: 'shop', replicas: 1 },
  { name: 'shipping', namespace: 'shop', replicas: 1 },
] as const;

export type ServiceName = (typeof services)[number]['name'];
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** What a service has to say; each says it in its own form. */
export interface Remark {
  readonly timeNs: bigint;
  readonly level: Level;
  readonly message: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  /** Further lines, such as a stack trace. */
  readonly trailer?: readonly string[];
}

/** How each service writes its log: JSON of two kinds, logfmt of two kinds, Java, Python, and an access log. */
export const formats: { readonly [name in ServiceName]: (remark: Remark) => string } = {
  nginx: ({ timeNs, fields, traceId }) =>
    `${fields['client'] ?? '-'} - - [${accessTime(timeNs)}] "${fields['method'] ?? 'GET'} ${fields['path'] ?? '/'} HTTP/1.1" ${fields['status'] ?? 200} ${fields['bytes'] ?? 0} "-" "${fields['agent'] ?? '-'}" rt=${fields['seconds'] ?? 0} trace=${traceId}`,
  gateway: ({ timeNs, level, message, traceId, spanId, fields }) => JSON.stringify({ time: formatRfc3339(timeNs), level, msg: message, ...fields, traceparent: `00-${traceId}-${spanId}-01`, trace_id: traceId }),
  auth: ({ level, message, traceId, fields }) => logfmt({ level, msg: message, ...fields, trace_id: traceId }),
  checkout: ({ timeNs, level, message, traceId, spanId, fields, trailer = [] }) => {
    const details = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`).join('');
    const head = `${formatRfc3339(timeNs).slice(0, 19).replace('T', ' ')}.${millis(timeNs)} ${level.toUpperCase().padStart(5)} [checkout,${traceId},${spanId}] 1 --- [nio-8080-exec-4] c.e.shop.checkout.OrderService : ${message}${details}`;
    return [head, ...trailer].join('\n');
  },
  inventory: ({ timeNs, level, message, traceId, fields }) => logfmt({ ts: formatRfc3339(timeNs), level, caller: 'store/items.go:142', msg: message, traceID: traceId, ...fields }),
  payment: ({ timeNs, level, message, traceId, spanId, fields }) =>
    JSON.stringify({ '@timestamp': formatRfc3339(timeNs), severity: level.toUpperCase(), message, trace: { id: traceId, span: spanId }, ...fields, service: { name: 'payment', version: '2.14.1' } }),
  shipping: ({ timeNs, level, message, traceId, fields, trailer = [] }) => {
    const details = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`).join('');
    return [`${formatRfc3339(timeNs).slice(0, 19).replace('T', ' ')},${millis(timeNs)} ${pythonLevels[level]} shipping.labels [trace_id=${traceId}] ${message}${details}`, ...trailer].join('\n');
  },
};

const pythonLevels: { readonly [level in Level]: string } = { debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR' };

function logfmt(fields: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${/[\s"=]/.test(String(value)) || value === '' ? JSON.stringify(String(value)) : String(value)}`)
    .join(' ');
}

function millis(timeNs: bigint): string {
  return ((timeNs / 1_000_000n) % 1000n).toString().padStart(3, '0');
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `22/Nov/2026:15:04:05 +0000`. */
function accessTime(timeNs: bigint): string {
  const text = formatRfc3339(timeNs);
  return `${text.slice(8, 10)}/${months[Number(text.slice(5, 7)) - 1] ?? ''}/${text.slice(0, 4)}:${text.slice(11, 19)} +0000`;
}
