/** A value of OpenTelemetry in JavaScript: bigint and whole numbers are ints, other numbers doubles, a Map a kvlist, undefined an empty value. */
export type OtlpValue = string | number | bigint | boolean | undefined | Uint8Array | readonly OtlpValue[] | ReadonlyMap<string, OtlpValue>;

export interface OtlpRecord {
  readonly time?: bigint;
  readonly observed?: bigint;
  readonly severity?: number;
  readonly severityText?: string;
  readonly body?: OtlpValue;
  readonly attributes?: readonly (readonly [string, OtlpValue])[];
  readonly dropped?: number;
  readonly flags?: number;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly eventName?: string;
}

export interface OtlpResource {
  readonly resource?: readonly (readonly [string, OtlpValue])[];
  readonly scopes?: readonly {
    readonly name?: string;
    readonly version?: string;
    readonly attributes?: readonly (readonly [string, OtlpValue])[];
    readonly dropped?: number;
    readonly records: readonly OtlpRecord[];
  }[];
}

/** A field of the wire format with its length, of parts. */
export function field(number: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export function text(number: number, value: string): Buffer {
  return field(number, Buffer.from(value));
}

export function number(field: number, value: number | bigint): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

export function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return Buffer.concat([varint(field * 8 + 1), bytes]);
}

/** An AnyValue. */
export function anyValue(value: OtlpValue): Buffer {
  if (value === undefined) return Buffer.alloc(0);
  if (typeof value === 'string') return text(1, value);
  if (typeof value === 'boolean') return number(2, value ? 1 : 0);
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return number(3, value as bigint);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return Buffer.concat([varint(4 * 8 + 1), bytes]);
  }
  if (value instanceof Uint8Array) return field(7, value);
  if (value instanceof Map) return field(6, ...keyValues(1, [...(value as ReadonlyMap<string, OtlpValue>)]));
  return field(5, ...(value as readonly OtlpValue[]).map((element) => field(1, anyValue(element))));
}

export function keyValues(number: number, pairs: readonly (readonly [string, OtlpValue])[]): Buffer[] {
  return pairs.map(([key, value]) => field(number, text(1, key), field(2, anyValue(value))));
}

function record({ time, observed, severity, severityText, body, attributes = [], dropped, flags, traceId, spanId, eventName }: OtlpRecord): Buffer {
  const flagBytes = Buffer.alloc(4);
  flagBytes.writeUInt32LE(flags ?? 0);
  return Buffer.concat([
    ...(time === undefined ? [] : [fixed64(1, time)]),
    ...(severity === undefined ? [] : [number(2, severity)]),
    ...(severityText === undefined ? [] : [text(3, severityText)]),
    ...(body === undefined ? [] : [field(5, anyValue(body))]),
    ...keyValues(6, attributes),
    ...(dropped === undefined ? [] : [number(7, dropped)]),
    ...(flags === undefined ? [] : [varint(8 * 8 + 5), flagBytes]),
    ...(traceId === undefined ? [] : [field(9, Buffer.from(traceId, 'hex'))]),
    ...(spanId === undefined ? [] : [field(10, Buffer.from(spanId, 'hex'))]),
    ...(observed === undefined ? [] : [fixed64(11, observed)]),
    ...(eventName === undefined ? [] : [text(12, eventName)]),
  ]);
}

/** An ExportLogsServiceRequest. */
export function exportRequest(resources: readonly OtlpResource[]): Buffer {
  return Buffer.concat(
    resources.map(({ resource = [], scopes = [] }) =>
      field(
        1,
        field(1, ...keyValues(1, resource)),
        ...scopes.map(({ name, version, attributes = [], dropped, records }) =>
          field(
            2,
            field(
              1,
              ...(name === undefined ? [] : [text(1, name)]),
              ...(version === undefined ? [] : [text(2, version)]),
              ...keyValues(3, attributes),
              ...(dropped === undefined ? [] : [number(4, dropped)]),
            ),
            ...records.map((one) => field(2, record(one))),
          ),
        ),
      ),
    ),
  );
}

/** Records of one resource, which has a service.name. */
export function exportOf(service: string, records: readonly OtlpRecord[]): Buffer {
  return exportRequest([{ resource: [['service.name', service]], scopes: [{ records }] }]);
}
