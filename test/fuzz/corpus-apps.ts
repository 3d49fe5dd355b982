/** What the generator of data-queries.ts knows of the streams of ../shared/conformance/data: how to select them, how to parse them, and which labels that gives. */
export interface CorpusApp {
  readonly selectors: readonly string[];
  /** Stages that make labels of the line. */
  readonly parsers: readonly string[];
  readonly numbers: readonly string[];
  readonly durations: readonly string[];
  readonly sizes: readonly string[];
  readonly texts: readonly string[];
  readonly addresses: readonly string[];
  /** Pieces of lines, for line filters. */
  readonly words: readonly string[];
  /** When there are lines, in seconds from the first instant of the data. */
  readonly seconds: readonly [number, number];
}

const none: readonly string[] = [];
const app = (selectors: readonly string[], parts: Partial<CorpusApp>): CorpusApp => ({ selectors, parsers: none, numbers: none, durations: none, sizes: none, texts: none, addresses: none, words: none, seconds: [0, 10_800], ...parts });

const access = '`<ip> - <user> [<_>] "<method> <path> <proto>" <status> <size> <rest>`';

export const corpusApps: readonly CorpusApp[] = [
  app(['{app="checkout"}', '{app="checkout", level="error"}', '{app="checkout", cluster=~"eu.*", level!="info"}', '{namespace="shop", app=~"check.+"}'], {
    parsers: ['| json', '| json', '| json status="http.status", path="http.path", latency="http.latency_ms", tier="order.customer.tier", sku="order.items[0].sku", items="order.items"', '| json http="http" | line_format "{{.http}}" | json', '| json | drop level_extracted, ts'],
    numbers: ['http_status', 'http_latency_ms', 'order_total', 'order_customer_id', 'status', 'latency'], durations: ['duration'], sizes: ['size'],
    texts: ['level', 'level_extracted', 'user', 'http_method', 'http_path', 'order_customer_tier', 'msg', 'err_code', 'app_extracted', 'tier', 'sku', 'pod', 'retry', 'nosuch'],
    addresses: ['client_ip'], words: ['order', 'gold', 'ErrTimeout', '"retry":true', 'E_STOCK', 'Checkout.java:', '/api/cart'],
  }),
  app(['{app="payments"}', '{app="payments", node="node-a"}', '{container="payments", cluster!="eu-west-1"}', '{app=~"pay.*|iot"}'], {
    parsers: ['| logfmt', '| logfmt', '| logfmt --strict', '| logfmt --keep-empty', '| logfmt status, dur="duration", level, bytes', '| logfmt --strict --keep-empty m="method", note, err', '| regexp `level=(?P<level>\\w+).* status=(?P<status>\\d+) duration=(?P<duration>\\S+)`'],
    numbers: ['status', 'org_id', 'bytes'], durations: ['duration', 'dur'], sizes: ['size'], texts: ['level', 'method', 'path', 'caller', 'msg', 'user', 'error', 'retryable', 'm', 'note', 'err', 'pod'],
    words: ['level=error', 'refund', 'Łukasz', 'card declined', 'status=5', 'µs', 'GET'],
  }),
  app(['{app="nginx"}', '{namespace="ingress", cluster="us-east-1"}', '{env="prod", container=~"ngin."}'], {
    parsers: [`| pattern ${access}`, `| pattern ${access}`, '| regexp `^(?P<ip>\\S+) - (?P<user>\\S+) .*"(?P<method>[A-Z]+) (?P<path>[^ ?]+).*" (?P<status>\\d{3}) (?P<size>\\d+)`', '| pattern `<ip> <_> "<method> <_>" <status> <_> <rt>`'],
    numbers: ['status', 'size', 'rt'], sizes: ['size'], durations: ['rt'], texts: ['user', 'method', 'path', 'proto', 'rest', 'env'], addresses: ['ip'], words: ['POST', 'curl', '192.168.4', '2001:db8::', 'HTTP/2.0', '" 500 ', 'alice'],
  }),
  app(['{app="apache"}', '{namespace="legacy"}'], { parsers: [`| pattern ${access}`, '| pattern `<ip> - <user> [<ts>] "<req>" <status> <size>`'], numbers: ['status', 'size'], sizes: ['size'], texts: ['req', 'user', 'method', 'path'], addresses: ['ip'], words: ['cgi', ' 403 ', 'GET'] }),
  app(['{app="orders"}', '{lang="java"}'], {
    parsers: ['| regexp `\\[(?P<thread>[^\\]]+)\\] (?P<level>\\w+) +(?P<class>\\S+) - (?P<msg>.*)`', '| regexp `Order (?P<id>\\d+) (?P<what>\\w+)(?: in (?P<took>\\d+) ms)?`', '| pattern `<date> <time> [<thread>] <level> <_> - <msg>`'],
    numbers: ['id', 'took'], durations: ['took'], texts: ['thread', 'level', 'class', 'msg', 'what'], words: ['ERROR', 'stock below', 'pool-1', 'Caused by', 'shipped'],
  }),
  app(['{app="ml-serving"}', '{namespace="ml"}'], {
    parsers: ['| logfmt', '| pattern `<_> <_> <level> model_server <_>latency_ms=<latency_ms> <rest>`', '| regexp `latency_ms=(?P<latency>\\d+)`', '| logfmt latency="latency_ms", user="user_id"'], numbers: ['latency_ms', 'tokens', 'latency'], texts: ['user_id', 'request_id', 'error', 'level', 'user'], words: ['CUDA', 'Traceback', 'usr-204', 'WARNING'],
  }),
  app(['{app="cli"}'], { parsers: ['| decolorize', '| decolorize | pattern `<level> step <n> took <took>`', '| decolorize | regexp `(?P<level>[A-Z]+) step (?P<n>\\d+) took (?P<took>\\w+)`'], numbers: ['n'], durations: ['took'], texts: ['level'], words: ['ERROR', '[31m', 'done', 'step'] }),
  app(['{app="gateway"}', '{app="gateway", env="canary"}', '{namespace="edge", container="gateway"}'], {
    parsers: ['', '| json', '| logfmt', '| json | logfmt', '| json rid="request_id", st="status"'], numbers: ['status', 'bytes', 'st'], durations: ['latency', 'elapsed', 'took'], sizes: ['bytes_sent', 'bytes'],
    texts: ['trace_id', 'user_tier', 'request_id', 'request_id_extracted', 'level', 'detected_level', 'pod', 'pod_extracted', 'upstream', 'msg', 'rid'], addresses: ['peer'], words: ['route', 'upstream', 'body-req-000', 'proxy'],
  }),
  app(['{app="iot"}', '{site="berlin"}'], {
    parsers: ['| logfmt', '| logfmt', '| logfmt --strict', '| logfmt rtt, payload, ip, r="ratio"'], numbers: ['battery', 'seq', 'delta', 'ratio', 'r', 'payload'], durations: ['rtt'], sizes: ['payload', 'buffer'], texts: ['device', 'ip6', 'rtt'], addresses: ['ip', 'ip6'], words: ['dev-03', 'not-an-ip', 'fe80', 'lots', 'e-1'],
  }),
  app(['{app="counters"}', '{app="counters", pool="a"}'], { parsers: ['| logfmt', '| regexp `value=(?P<value>\\d+) temp=(?P<temp>[\\d.]+)`'], numbers: ['value', 'temp', 'shard'], texts: ['metric', 'pool', 'shard'], words: ['shard=1', 'value'] }),
  app(['{app="mixed"}'], {
    parsers: ['| json', '| logfmt', '| json | logfmt', '| logfmt | json', '| json n="n", val="val", deep="nested.deep.val"', '| unpack'], numbers: ['n', 'val', 'nested_deep_val', 'deep'], durations: ['took', 'nested_took'], sizes: ['sz'], texts: ['level', 'n', 'val', 'took', 'nested_took', 'broken'], words: ['plain', 'level', 'null', 'NaN-ish', '['],
  }),
  app(['{job="syslog"}', '{host=~"host-[12]", facility="auth"}'], { parsers: ['| pattern `<<pri>><_> <_> <_> <host> <proc>: <msg>`', '| regexp `(?P<proc>\\w+)\\[(?P<pid>\\d+)\\]: (?P<msg>.*)`', '| regexp `from (?P<ip>\\S+) port (?P<port>\\d+)`'], numbers: ['pri', 'pid', 'port'], texts: ['proc', 'msg', 'host', 'host_extracted'], addresses: ['ip'], words: ['Failed', 'sshd', 'CRON', '203.0.113.'] }),
  app(['{app="packed"}'], { parsers: ['| unpack', '| unpack | logfmt', '| unpack | json', '| json'], numbers: ['num', 'inner', 'n'], durations: ['took'], texts: ['stream', 'pod_extracted', 'src', 'level', 'msg', 'pod'], words: ['inner', 'stderr', 'not packed'] }),
  app(['{app="json-edge"}'], {
    seconds: [3600, 3910],
    parsers: ['| json', '| json a="a", deep="nested.l1.l2.l3.l4", arr="arr[1]", k="objs[1].k", q="[\\"a.b\\"]"', '| json x="deep.arr[0].tags[1]", y="pod.labels[\\"app.kubernetes.io/name\\"]", dup, e="e", esc="esc"', '| json | json', '| unpack', '| logfmt'],
    numbers: ['a', 'num_int', 'num_neg', 'num_float', 'num_exp', 'num_big', 'num_str', 'neg_zero', 'big_exp', 'lead', 'n', 'arr'], durations: ['duration', 'duration_s'], sizes: ['bytes', 'bytes_k'],
    texts: ['b', 'c', 'a_b', 'nested_l1_l2_l3_l4', 'esc', 'uni', 'dup', 'app_extracted', 'empty_val', 'space_val', 'msg', 'payload', '__error___extracted', 'html', 'backtick', 't', 'deep', 'k', 'q', 'x', 'y', 'level', 'pod_name', 'cluster_extracted'],
    addresses: ['ip'], words: ['"a"', 'nested', 'null', 'uni', 'level', 'dup', '{}'],
  }),
  app(['{app="logfmt-edge"}'], {
    seconds: [3600, 3850],
    parsers: ['| logfmt', '| logfmt --strict', '| logfmt --keep-empty', '| logfmt --strict --keep-empty', '| logfmt a, b="b", d, dup, x="x", empty', '| logfmt --strict a="a", quoted', '| json', '| pattern `<a>=<b> <c>`'],
    numbers: ['a', 'good', 'x', 'neg', 'exp', 'hex', 'inf', 'nan', 'x', '_digit', 'last'], durations: ['duration'], sizes: ['size'], texts: ['b', 'd', 'e', 'key', 'quoted', 'nl', 'tab', 'back', 'uni', 'dup', 'app_extracted', 'a_b', 'unterminated', 'json', 'eq', 'trailing', 'single', 'pct', 'msg', 'empty', 'level', 'ok', 'foo'],
    addresses: ['ip', 'ip6', 'cidr'], words: ['a=', 'dup', 'level', '"', 'unterminated'],
  }),
  app(['{app="edge"}', '{namespace="edge", env="prod", app!="gateway"}'], {
    seconds: [5340, 5410],
    parsers: ['', '| logfmt', '| json', '| pattern `<first> <second>`', '| regexp `(?P<word>\\w+)$`'], texts: ['env', 'env_extracted', 'region', 'region_extracted', 'http_status', 'user_agent', 'key_1st', '_n_', 'k', 'first', 'second', 'word', 'quote', 'nl', 'uni'], numbers: ['http_status'], words: ['same ts', 'meta', 'QUICK', 'quick', 'dup', '\\', 'ip', 'żółć', '漢', 'x', ''],
  }),
  app(['{app="twins"}', '{app="twins", zone="z1"}'], { seconds: [5400, 5970], parsers: ['| logfmt', '| logfmt v, tick', '| logfmt | drop zone_extracted', '| logfmt | drop zone, zone_extracted'], numbers: ['v', 'tick'], texts: ['zone', 'zone_extracted'], words: ['tick=1', 'zone=z2'] }),
  app(['{app="sparse"}', '{app="minutely"}', '{app=~"sparse|minutely"}'], { seconds: [0, 3660], parsers: ['| logfmt', '| regexp `(?P<k>\\w)=(?P<n>\\d+)`'], numbers: ['n', 'v', 'w', 'minute'], texts: ['v', 'zone', 'k'], words: ['n=1', 'v=3', 'minute=1'] }),
  app(['{path=~".+"}', '{app="we\\"ird\\\\app"}', '{brace="{a=\\"b\\"}"}'], { seconds: [5400, 5405], parsers: ['', '| pattern `<a> <n>`'], numbers: ['n'], texts: ['a', 'path', 'uni'], words: ['weird'] }),
  app(['{app=~".+", namespace="shop"}', '{cluster="us-east-1"}', '{app=~"twins|minutely|sparse"}', '{namespace=~"edge|iot", app!~"edge|gateway"}'], { parsers: ['', '| logfmt', '| json', '| json | logfmt'], numbers: ['status', 'v', 'n'], durations: ['duration'], texts: ['level', 'app', 'zone', 'namespace', 'pod'], words: ['error', 'status', '='] }),
];
