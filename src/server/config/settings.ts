/**
 * Every setting of `spoor serve`: its place in the configuration file, kind, default and what it is. The environment variable of
 * `storage.s3.bucket` is SPOOR_STORAGE_S3_BUCKET. `docs/operate/configuration.md` is the list for people.
 */
export const settingSpecs = {
  auth_enabled: flag(false, 'take the tenant from X-Scope-OrgID; off: one tenant, named fake, as in Loki'),
  multi_tenant_queries_enabled: flag(false, 'answer queries of several tenants, X-Scope-OrgID: a|b'),
  overrides_file: text('', 'file with `overrides:` of tenants, which come before those of this file; relative to it. Read again when it changes; a bad one is refused and the one before it stays in force'),
  overrides_period: duration(1, 'how often overrides_file is looked at'),
  data_dir: text('./spoor-data', 'directory of the journal and, unless storage.type is s3, of the objects'),
  listen: address('127.0.0.1:3100', 'address and port of the HTTP server'),
  'server.body_bytes_max': size(100 * 2 ** 20, 'largest body of a request, after decompression too'),
  'server.push_bytes_max': size(128 * 2 ** 20, 'memory of pushes under way: what arrives of them (503 above it) and, counted apart, what is made of them (they wait)'),
  'server.refusal_delay_max': duration(2, 'longest time by which answers to refused pushes are held back where they come in numbers, so that clients that repeat them at once do not take the time of others; 0: never'),
  'server.read_timeout': duration(60, 'time in which a request must have arrived with its body'),
  'server.shutdown_deadline': duration(30, 'time that a stop may take to flush'),
  'grpc.listen': addresses('127.0.0.1:4317', 'addresses and ports of the gRPC server (OpenTelemetry logs, and Loki pushes), with commas between them; empty: none. Where the default is taken spoor goes on without it'),
  'grpc.message_bytes_max': size(8 * 2 ** 20, 'largest message over gRPC, after decompression too'),
  'elasticsearch.version': text('', "version that clients of Elasticsearch are told; empty: the client's own, or 8.17.0"),
  'elasticsearch.tenant': text('', 'tenant of requests to Elasticsearch routes that name none, where auth_enabled is true, for shippers that cannot send X-Scope-OrgID; empty: they are refused'),
  'syslog.listen_tcp': address('', 'address and port where syslog is taken over TCP, such as 127.0.0.1:1514; empty: nowhere'),
  'syslog.listen_tls': address('', 'the same over TLS, such as :6514'),
  'syslog.listen_udp': address('', 'the same over UDP, such as :1514'),
  'syslog.tenant_tcp': text('', 'tenant of what comes over TCP; needed where auth_enabled is true'),
  'syslog.tenant_tls': text('', 'tenant of what comes over TLS'),
  'syslog.tenant_udp': text('', 'tenant of what comes over UDP'),
  'syslog.tls_cert_file': text('', 'certificate of the TLS listener, PEM'),
  'syslog.tls_key_file': text('', 'its key, PEM'),
  'syslog.tls_client_ca_file': text('', 'certificates that those of clients must be signed by, PEM; empty: clients need none'),
  'syslog.labels': text('job=syslog', 'labels that all syslog entries get: name=value, with commas between'),
  'syslog.time_zone': text('UTC', 'time zone of messages that do not say theirs (RFC 3164), such as Europe/Berlin'),
  'syslog.frame_bytes_max': size(256 * 1024, 'largest message: longer lines are cut, connections that announce longer ones are closed'),
  'syslog.connections_max': count(1000, 'connections at the same time, of each of TCP and TLS', 1, 1_000_000),
  'syslog.idle_timeout': duration(1800, 'time without a byte after which a connection is closed; 0: none'),
  'syslog.batch_bytes': size(2 ** 20, 'bytes of messages that are stored together'),
  'syslog.batch_delay': duration(0.2, 'time that a message waits for others'),
  'syslog.udp_queue_bytes_max': size(16 * 2 ** 20, 'datagrams that wait for the store; more are dropped and counted'),
  'syslog.udp_receive_bytes': size(4 * 2 ** 20, "memory of the kernel where datagrams wait for spoor; it gives at most net.core.rmem_max"),
  'log.level': choice(['info', 'trace', 'debug', 'warn', 'error', 'fatal', 'silent'], 'trace, debug, info, warn, error, fatal or silent'),
  'log.format': choice(['auto', 'json', 'pretty'], 'json, pretty, or auto: pretty on a terminal'),
  'storage.type': choice(['directory', 's3'], 'directory or s3'),
  'storage.directory': text('', 'directory of the objects; empty: data_dir/objects'),
  'storage.s3.endpoint': text('', 'URL of an S3-compatible server; empty: AWS'),
  'storage.s3.region': text('us-east-1', 'region'),
  'storage.s3.bucket': text('', 'bucket'),
  'storage.s3.prefix': text('', 'prefix of all keys'),
  'storage.s3.force_path_style': flag(false, 'put the bucket into the path instead of the host name; most servers that are not AWS want it'),
  'storage.s3.access_key_id': text('', "key; empty: the AWS SDK's default credential chain"),
  'storage.s3.secret_access_key': secret('secret of the key'),
  'storage.s3.max_attempts': count(4, 'tries of one request', 1, 100),
  'storage.s3.request_timeout': duration(30, 'time that one request may take'),
  'storage.s3.reads_max': count(32, 'reads under way at the same time for queries', 1, 10_000),
  'cache.directory': text('', 'directory of the cache of what was read of S3; empty: data_dir/cache. Several processes may share it. storage.type directory has no cache'),
  'cache.bytes_max': size(10 * 2 ** 30, 'size of that cache; 0: none'),
  'cache.free_bytes_min': size(2 * 2 ** 30, 'bytes that the cache leaves free on its disk'),
  'journal.fsync_interval': duration(0, 'extra time to gather pushes for one fsync; 0: those that arrive while one runs'),
  'journal.file_bytes': size(64 * 2 ** 20, 'size of a journal file'),
  'journal.bytes_max': size(4 * 2 ** 30, 'size of the whole journal; pushes are answered 503 above it'),
  'journal.duplicate_window': duration(600, 'time in which a repeated push is recognised by its id'),
  'ingester.partitions': count(1, 'journal partitions; fixed when the data directory is first used', 1, 1000),
  'ingester.flush_bytes': size(40 * 2 ** 20, 'raw bytes in a head that start a flush'),
  'ingester.flush_age': duration(600, 'age of the oldest row in a head that starts a flush'),
  'ingester.head_bytes_max': size(384 * 2 ** 20, 'memory of all heads; pushes are answered 429 above it'),
  'ingester.head_bytes_paced': size(96 * 2 ** 20, 'memory of all heads above which pushes are answered as fast as flushes get on'),
  'querier.threads': count(0, 'worker threads that scan; 0: one for each processor', 0, 256),
  'querier.scan_bytes_max': size(192 * 2 ** 20, 'rows that all queries together have read and not looked through yet; above it they wait'),
  'querier.read_ahead': count(8, 'pieces of work of a query whose reads are begun before it is their turn, on S3', 0, 1000),
  'querier.max_concurrent': count(0, 'queries of one kind (metric, log, lookup, export) that run at the same time; the others wait; 0: 32 for each thread that scans', 0, 100_000),
  'querier.queue_length_max': count(4096, 'queries of one kind that wait, of all tenants; further ones are answered 429'),
  'querier.footer_cache_bytes': size(32 * 2 ** 20, 'segment footers kept in memory'),
  'querier.index_cache_bytes': size(64 * 2 ** 20, 'index blocks kept in memory'),
} as const satisfies Record<string, SettingSpec>;

/** One setting; durations are milliseconds here. */
export type SettingSpec =
  | { readonly kind: 'flag'; readonly default: boolean; readonly about: string }
  | { readonly kind: 'text' | 'secret' | 'address' | 'addresses'; readonly default: string; readonly about: string }
  | { readonly kind: 'choice'; readonly default: string; readonly choices: readonly string[]; readonly about: string }
  | { readonly kind: 'count'; readonly default: number; readonly about: string; readonly min: number; readonly max: number }
  | { readonly kind: 'size' | 'duration'; readonly default: number; readonly about: string };

export type SettingName = keyof typeof settingSpecs;

type ValueOf<Spec extends SettingSpec> = Spec['kind'] extends 'flag' ? boolean : Spec['kind'] extends 'text' | 'secret' | 'address' | 'addresses' | 'choice' ? string : number;

/** The settings by name. */
export type Settings = { readonly [name in SettingName]: ValueOf<(typeof settingSpecs)[name]> };

function flag(value: boolean, about: string) {
  return { kind: 'flag' as const, default: value, about };
}
function text(value: string, about: string) {
  return { kind: 'text' as const, default: value, about };
}
function secret(about: string) {
  return { kind: 'secret' as const, default: '', about };
}
/** `host:port`, `[address]:port` or `:port`. */
function address(value: string, about: string) {
  return { kind: 'address' as const, default: value, about };
}
/** None, or several `address`es with commas between them. */
function addresses(value: string, about: string) {
  return { kind: 'addresses' as const, default: value, about };
}
/** One of a few words, of which the first is the default. */
function choice(choices: readonly [string, ...string[]], about: string) {
  return { kind: 'choice' as const, default: choices[0], choices, about };
}
function count(value: number, about: string, min = 0, max: number = Number.MAX_SAFE_INTEGER) {
  return { kind: 'count' as const, default: value, about, min, max };
}
function size(bytes: number, about: string) {
  return { kind: 'size' as const, default: bytes, about };
}
function duration(seconds: number, about: string) {
  return { kind: 'duration' as const, default: seconds * 1000, about };
}
