import fc, { type Arbitrary } from 'fast-check';

const selector = fc.constantFrom(
  '{app="a"}', '{app=~"[ab]"}', '{app=~".+"}', '{app!="a", app=~".+"}', '{app=~".+", pod!~"[1-9]"}', '{app="b", env="prod"}', '{app=~"[a-c]", pod="0"}', '{app="d", level="stream"}', '{app="nowhere"}', '{env=~"pr.+|dev"}',
);

const needle = fc.constantFrom('error', 'level', 'info', ' ', '=', '"', '200', 'żó', '🚀', '{"', ':', 'nowhere', 'a b', '"n":');
const pattern = fc.constantFrom('err.r', '(?i)error', '[a-z]+=[a-z]+', '\\d\\d\\d', '"level": ?"[iw]', '^\\{', 'x\\.y', '(GET|POST) /', '[^ -~]', 'nowhere|never', '$');
const linePattern = fc.constantFrom('<_>level<_>', '<_> - - <_>', 'error <_>', '<_> error', '<_>', '{<_>}');
const quote = (text: string): string => JSON.stringify(text);

const lineFilter = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('|=', '!='), needle).map(([op, text]) => `${op} ${quote(text)}`) },
  { weight: 1, arbitrary: fc.tuple(needle, needle).map(([a, b]) => `|= ${quote(a)} or ${quote(b)}`) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('|~', '!~'), pattern).map(([op, text]) => `${op} ${quote(text)}`) },
  { weight: 1, arbitrary: fc.tuple(pattern, pattern).map(([a, b]) => `|~ ${quote(a)} or ${quote(b)}`) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('|>', '!>'), linePattern).map(([op, text]) => `${op} ${quote(text)}`) },
);

const plainParsers = ['| json', '| json', '| logfmt', '| logfmt', '| regexp "(?P<method>GET|POST) (?P<path>[^ ]+)"', '| regexp "level=(?P<level>[a-z]+)"', '| regexp "(?P<trace>t[0-9])"', '| pattern "<ip> - - \\"<method> <path> <_>\\" <status> <n>"'];
const parser = fc.constantFrom(
  ...plainParsers, ...plainParsers,
  '| json lvl="level", inner="a.b"', '| json n="n"', '| json app="msg", whole="a", nope="nope"', '| logfmt --strict', '| logfmt --keep-empty', '| logfmt lvl="level", n', '| logfmt --strict x="x_y", app="app"',
  '| regexp "^(?P<first>\\\\S+)"', '| pattern "<first> <rest>"', '| pattern "<_>level=<level> <_>"', '| pattern "{<body>}"',
);
/** None of these makes an empty label that stays. */
const metricParser = fc.constantFrom(...plainParsers, ...plainParsers, '| json lvl="level" | lvl!=""', '| json n="n" | n!=""', '| logfmt --strict | __error__=""', '| logfmt n | n!=""', '| regexp "^(?P<first>\\\\S+)"');

const label = fc.constantFrom('level', 'status', 'dur', 'size', 'n', 'msg', 'a_b', 'a_b_d', 'app', 'app_extracted', 'level_extracted', 'trace', 'trace_extracted', 'x_y', 'ok', 'lvl', 'method', 'env', 'missing', 'n_extracted', 'user', 'pod');
const compareOp = fc.constantFrom('==', '!=', '>', '>=', '<', '<=');
const stringFilter = fc.oneof(
  fc.tuple(label, fc.constantFrom('=', '!='), fc.constantFrom('info', 'error', 'meta', 'a', '200', '', 't1', 'in')).map(([name, op, value]) => `${name}${op}${quote(value)}`),
  // Loki searches labels for the literals of plain regular expressions; a class keeps them whole.
  fc.tuple(label, fc.constantFrom('=~', '!~'), fc.constantFrom('[a-i]+', '[45]\\d\\d', '[^x]*', '(info|[we].*)')).map(([name, op, value]) => `${name}${op}${quote(value)}`),
);
const valueFilter = fc.oneof(
  fc.tuple(label, compareOp, fc.constantFrom('5', '200', '-1', '17.25', '0.5')).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('dur', 'n', 'missing'), compareOp, fc.constantFrom('10ms', '1s', '5m')).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('size', 'n', 'missing'), compareOp, fc.constantFrom('1KB', '600B', '1MiB')).map((parts) => parts.join('')),
);
const oneFilter = fc.oneof({ weight: 2, arbitrary: stringFilter }, { weight: 2, arbitrary: valueFilter });
const metricFilter = fc.oneof(
  { weight: 5, arbitrary: oneFilter.map((one) => `| ${one}`) },
  { weight: 1, arbitrary: fc.tuple(oneFilter, fc.constantFrom(' or ', ' and ', ', ', ' '), oneFilter).map(([a, op, b]) => `| ${a}${op}${b}`) },
  { weight: 1, arbitrary: fc.tuple(oneFilter, oneFilter, oneFilter).map(([a, b, c]) => `| (${a} or ${b}) and ${c}`) },
);
const labelFilter = fc.oneof({ weight: 9, arbitrary: metricFilter }, { weight: 1, arbitrary: fc.constantFrom('| __error__=""', '| __error__!=""') });

const labelFormats = ['| label_format lvl=level', '| label_format app=level, x="x{{.n}}"', '| label_format who="{{.app}}/{{.pod}}", msg="m"', '| label_format n=size'];
const formatting = (stages: Arbitrary<string>): Arbitrary<string> => fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('drop', 'keep'), fc.uniqueArray(label, { minLength: 1, maxLength: 4 })).map(([stage, names]) => `| ${stage} ${names.join(', ')}`) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('drop', 'keep'), label, fc.constantFrom('="info"', '=~"[a-i]+"', '!=""')).map(([stage, name, matcher]) => `| ${stage} ${name}${matcher}`) },
  { weight: 2, arbitrary: stages },
  { weight: 2, arbitrary: fc.constantFrom('| line_format "{{.level}} {{.msg}}"', '| line_format "fixed"', '| line_format "app={{.app}} {{__line__}}"', '| line_format "{{.missing}}"') },
);

const format = formatting(fc.constantFrom(...labelFormats, '| label_format app=level, x="{{.n}}"', '| label_format level="{{.missing}}"'));
const metricFormat = formatting(fc.constantFrom(...labelFormats));

/** Behind `drop x`, `!= "y"` would be a part of it; and a line filter sees the line as it was before `decolorize`. */
function joinStages(stages: readonly string[]): string {
  const kept: string[] = [];
  for (const stage of stages) {
    const filtersLine = /^[|!][=~>]|^!=/.test(stage);
    const before = kept.at(-1) ?? '';
    if (filtersLine && (kept.includes('| decolorize') || /^\| (?:drop|keep) /.test(before))) continue;
    kept.push(stage);
  }
  return kept.join(' ');
}

const logStages = fc.array(
  fc.oneof({ weight: 4, arbitrary: lineFilter }, { weight: 4, arbitrary: parser }, { weight: 4, arbitrary: labelFilter }, { weight: 3, arbitrary: format }, { weight: 1, arbitrary: fc.constant('| decolorize') }),
  { maxLength: 5 },
);

export const logQuery: Arbitrary<string> = fc.tuple(selector, logStages).map(([matchers, stages]) => `${matchers} ${joinStages(stages)}`);

/** Mostly in the usual order, with something that clears errors away. */
const usualStages = fc
  .tuple(
    fc.array(lineFilter, { maxLength: 2 }),
    fc.array(metricParser, { maxLength: 2 }),
    fc.array(metricFilter, { maxLength: 2 }),
    fc.constantFrom('| __error__=""', '| __error__=""', '| drop __error__, __error_details__', ''),
    fc.array(metricFormat, { maxLength: 1 }),
  )
  .map(([filters, parsers, labels, errors, formats]) => [...filters, ...parsers, ...labels, errors, ...formats].filter((stage) => stage !== '').join(' '));
const anyStages = fc
  .array(fc.oneof({ weight: 2, arbitrary: lineFilter }, { weight: 4, arbitrary: metricParser }, { weight: 4, arbitrary: labelFilter }, { weight: 2, arbitrary: metricFormat }), { maxLength: 5 })
  .map((stages) => joinStages([...stages, '| __error__=""']));
const metricStages = fc.oneof({ weight: 3, arbitrary: usualStages }, { weight: 1, arbitrary: anyStages });

const range = fc.constantFrom('[1m]', '[5m]', '[90s]', '[1h]', '[36h]', '[5d]');
const offset = fc.constantFrom('', '', '', ' offset 2m', ' offset -45s', ' offset 1d');
const groupLabels = fc.uniqueArray(fc.constantFrom('app', 'pod', 'level', 'status', 'env', 'lvl', 'method', 'trace', 'n'), { minLength: 1, maxLength: 3 }).map((names) => `(${names.join(', ')})`);
const grouping = fc.tuple(fc.constantFrom('by', 'without'), groupLabels).map(([kind, names]) => `${kind} ${names}`);

const unwrap = fc.tuple(fc.constantFrom('n', 'n', 'status', 'duration(dur)', 'duration_seconds(dur)', 'bytes(size)', 'missing'), fc.constantFrom('', ' | __error__=""', ' | __error__=""')).map(([what, rest]) => `| unwrap ${what}${rest}`);

const counted = fc
  .tuple(fc.constantFrom('count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'absent_over_time'), selector, metricStages, range, offset)
  .map(([op, matchers, stages, window, shift]) => `${op}(${matchers} ${stages} ${window}${shift})`);
const summed = fc
  .tuple(fc.constantFrom('sum_over_time', 'rate', 'rate_counter'), selector, metricStages, unwrap, range, offset)
  .map(([op, matchers, stages, value, window, shift]) => `${op}(${matchers} ${stages} ${value} ${window}${shift})`);
const grouped = fc
  .tuple(
    fc.constantFrom('avg_over_time', 'min_over_time', 'max_over_time', 'stddev_over_time', 'stdvar_over_time', 'quantile_over_time', 'first_over_time', 'last_over_time'),
    selector, metricStages, unwrap, range, offset, fc.option(grouping), fc.constantFrom('0.5', '0.99', '0', '1'),
  )
  .map(([op, matchers, stages, value, window, shift, group, q]) => `${op}(${op === 'quantile_over_time' ? `${q}, ` : ''}${matchers} ${stages} ${value} ${window}${shift})${group === null ? '' : ` ${group}`}`);
const rangeAggregation = fc.oneof({ weight: 4, arbitrary: counted }, { weight: 2, arbitrary: summed }, { weight: 2, arbitrary: grouped });

const aggregated = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('sum', 'sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar'), fc.option(grouping), rangeAggregation).map(([op, group, inner]) => `${op}${group === null ? '' : ` ${group}`} (${inner})`) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('topk', 'bottomk'), fc.constantFrom(1, 2, 3), fc.option(grouping), rangeAggregation).map(([op, k, group, inner]) => `${op}(${k}, ${inner})${group === null ? '' : ` ${group}`}`) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('sort', 'sort_desc'), rangeAggregation).map(([op, inner]) => `${op}(${inner})`) },
);

const vector = fc.oneof({ weight: 2, arbitrary: rangeAggregation }, { weight: 3, arbitrary: aggregated });
const bySame = fc.tuple(groupLabels, rangeAggregation, rangeAggregation).map(([names, left, right]) => [`sum by ${names} (${left})`, `count by ${names} (${right})`] as const);
const comparison = fc.constantFrom('>', '>=', '<', '==', '!=', '> bool', '== bool');
const arithmetic = fc.constantFrom('+', '-', '*', '/', '%');
const combined = fc.oneof(
  fc.tuple(vector, fc.oneof(comparison, arithmetic), fc.constantFrom('0', '1', '2.5', '100')).map((parts) => parts.join(' ')),
  fc.tuple(fc.constantFrom('1', '10'), fc.oneof(comparison, arithmetic), vector).map((parts) => parts.join(' ')),
  fc.tuple(bySame, fc.oneof(comparison, arithmetic, fc.constantFrom('and', 'or', 'unless'))).map(([[left, right], op]) => `${left} ${op} ${right}`),
  fc.tuple(vector, fc.constantFrom('and on (app)', 'or on (app)', 'unless on (app)', 'or', 'unless ignoring (pod)', '+ on (app) group_left ()', '/ ignoring (pod) group_left ()', '* on (pod) group_right (app)', '- on (app)'), vector).map((parts) => parts.join(' ')),
  fc.tuple(vector, fc.constantFrom('"who", "$1-x", "app", "(.+)"', '"app", "", "app", "[ab]"', '"pod", "p$1", "pod", "([0-9])"')).map(([inner, rest]) => `label_replace(${inner}, ${rest})`),
  vector.map((inner) => `${inner} or vector(0)`),
);

export const metricQuery: Arbitrary<string> = fc.oneof({ weight: 3, arbitrary: vector }, { weight: 1, arbitrary: combined });

/** Of what the naive evaluator does not know. */
const otherStages = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: lineFilter },
    { weight: 4, arbitrary: parser },
    { weight: 2, arbitrary: labelFilter },
    { weight: 1, arbitrary: format },
    {
      weight: 5,
      arbitrary: fc.constantFrom(
        '| unpack', '| decolorize', '|= ip("10.0.0.0/8")', '!= ip("192.168.1.7")', '| ip=ip("10.0.0.1")', '| first!=ip("192.168.0.0/16")', '| json one="list[0]", deep="a.b.d"', '| json x="[\\"x-y\\"]"',
        '| line_format "{{ .level | ToUpper }}-{{ len .msg }}{{ if eq .app \\"a\\" }}!{{ end }}"', '| line_format "{{ __line__ | trunc 9 }} {{ __timestamp__ | unixEpoch }}"', '| line_format "{{ range $k, $v := fromJson __line__ }}{{ $k }};{{ end }}"',
        '| label_format up="{{ .app | upper }}", twice="{{ mul 2 (int .n) }}"', '| label_format bad="{{ div 1 0 }}"', '| label_format t="{{ __timestamp__ }}", l="{{ __line__ | b64enc }}"', '| line_format "{{ regexReplaceAll \\"[0-9]+\\" __line__ \\"N\\" }}"',
        '| level=~"err.*|warn"', '| msg=~"(?i)PLAIN"', '|~ "(?i)ERR" or "\\\\bx\\\\b"', '|~ "^.{3,9}$"', '!~ "(e|r){2}"',
      ),
    },
  ),
  { maxLength: 5 },
);
export const otherQuery: Arbitrary<string> = fc.oneof(
  fc.tuple(selector, otherStages).map(([matchers, stages]) => `${matchers} ${joinStages(stages)}`),
  fc.tuple(fc.constantFrom('sum by (level, app)', 'max without (pod)', 'sum'), fc.constantFrom('count_over_time', 'bytes_over_time', 'rate'), selector, otherStages, range).map(
    ([outer, op, matchers, stages, window]) => `${outer} (${op}(${matchers} ${joinStages(stages)} | __error__="" ${window}))`,
  ),
  fc.tuple(grouped, fc.constantFrom('> 1', '* 2')).map((parts) => parts.join(' ')),
);
