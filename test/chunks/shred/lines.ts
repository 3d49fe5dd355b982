import fc from 'fast-check';
import { encodeMetadata } from '../../../src/bytes/mod.ts';

/** A byte per character: what fast-check gives as text is cut into bytes where it is not UTF-8. */
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const space = fc.constantFrom('', '', '', ' ', '  ', '\t', '\n', '\r\n ');
const key = fc.constantFrom('level', 'msg', 'a', 'a', 'b', '', 'ü', 'trace_id', 'a\\"b', '\\u0061', 'x.y', 'with space', '\xff\xfe');
const stringInside = fc.oneof(
  fc.constantFrom('', 'info', 'warn', 'GET /', '\\"', '\\\\', '\\u0041', '\\ud83d', '\\n', '\\x', '\xff', '\xc3\x28', '{"a":1}', '[', ']', '}', ',', ':', '\x00', '\u007f'),
  fc.string({ maxLength: 12 }).map((text) => Buffer.from(text.replaceAll(/["\\]/g, '')).toString('latin1')),
  fc.stringMatching(/^[0-9a-f]{32}$/),
);
const number = fc.constantFrom('0', '-0', '1', '-1', '12.50', '1e5', '1E+400', '-1.5e-7', '9007199254740993', '9'.repeat(400), '0.1', '00', '01', '1.', '-', '1-2', '+1', '.5');
const word = fc.constantFrom('true', 'false', 'null', 'True', 'nul', 'truefalse', 'NaN');

const value = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, stringInside.map((text) => `"${text}"`), number, word, tie('object'), tie('array')),
  object: fc
    .tuple(fc.array(fc.tuple(space, key, space, space, tie('value'), space), { maxLength: 4 }), space)
    .map(([pairs, inside]) => `{${pairs.length === 0 ? inside : pairs.map(([s1, k, s2, s3, v, s4]) => `${s1}"${k}"${s2}:${s3}${v}${s4}`).join(',')}}`),
  array: fc.tuple(fc.array(tie('value'), { maxLength: 3 }), space).map(([values, inside]) => `[${inside}${values.join(`${inside},`)}]`),
}));

/** JSON objects with every oddity, and what is nearly one. */
export const json = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(space, value.object, space).map(([before, object, behind]) => before + object + behind) },
  { weight: 1, arbitrary: fc.tuple(value.object, fc.nat(200)).map(([object, at]) => object.slice(0, at)) },
  { weight: 1, arbitrary: fc.tuple(value.object, fc.constantFrom('x', '{', '}', ' {}', '\x00')).map(([object, behind]) => object + behind) },
  { weight: 1, arbitrary: fc.tuple(value.object, fc.nat(200), fc.nat(255)).map(([object, at, byte]) => object.slice(0, at) + String.fromCharCode(byte) + object.slice(at + 1)) },
  { weight: 1, arbitrary: fc.nat(50).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) },
).map(latin1);

/** Objects of few shapes, so that templates have many lines. */
export const regularJson = fc
  .tuple(fc.constantFrom('info', 'warn', 'error'), stringInside, fc.oneof(fc.nat(100_000).map(String), number), fc.boolean(), fc.constantFrom('', '"tags":["a","b"],', '"err":null,'))
  .map(([level, message, latency, cached, more]) => latin1(`{"level":"${level}","msg":"${message}",${more}"latency": ${latency},"cached":${cached}}`));

const bare = fc.constantFrom('', 'info', '1', '12ms', '1.5', 'ü', '\xff', 'a,b', '{', '/path?x', '-', 'a\\b');
const logfmtPair = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(key.map((name) => name.replaceAll(/[^a-z_.]/g, '')), bare).map(([name, text]) => `${name}=${text}`) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('msg', 'err', 'q'), stringInside).map(([name, text]) => `${name}="${text}"`) },
  { weight: 1, arbitrary: fc.constantFrom('alone', 'a=b=c', 'a="x"y', 'a="', '=', '"', 'a=b"c', 'ü=1', '\x00', 'a="\\"') },
);

export const logfmt = fc.tuple(fc.array(logfmtPair, { minLength: 1, maxLength: 6 }), fc.constantFrom(' ', '  ', '\t', '\n'), space).map(([pairs, between, end]) => latin1(pairs.join(between) + end));

const texts = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(86_399), fc.constantFrom('GET', 'POST'), fc.nat(99_999)).map(([ip, at, method, size]) =>
    `10.0.0.${ip} - - [20/Nov/2026:${new Date(at * 1000).toISOString().slice(11, 19)} +0000] "${method} /api/v1/users?id=${size} HTTP/1.1" 200 ${size} "-" "kube-probe/1.34"`),
  fc.tuple(fc.nat(86_399_999), fc.constantFrom('INFO', 'ERROR'), fc.constantFrom('', '\n\tat a.b.C.d(C.java:12)\n\tat e.f(F.java:3)', '\n', '\r\n')).map(([at, level, trace]) =>
    `2026-11-20 ${new Date(at).toISOString().slice(11, 23).replace('.', ',')} ${level} [main] com.example.Service - Order ${at} placed${trace}`),
  fc.nat(90).map((words) => Array.from({ length: words }, (_, i) => `word${i}`).join(' ')),
  fc.constantFrom('', ' ', '\n', '\n\n', 'one', 'one\n', ' one', 'one two', '====', '"', 'a="b', `${' '.repeat(300)}x`),
);

/** What servers write, with several lines, empty ones and many words. */
export const text = texts.map(latin1);

export const binary = fc.uint8Array({ maxLength: 120 });

/** Any line. */
export const line: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: json },
  { weight: 4, arbitrary: regularJson },
  { weight: 3, arbitrary: logfmt },
  { weight: 3, arbitrary: text },
  { weight: 1, arbitrary: binary },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((characters) => Buffer.from(characters)) },
);

const names = fc.constantFrom('detected_level', 'trace_id', 'a', 'b', 'ü', 'x'.repeat(127), 'x'.repeat(128));
const values = fc.oneof(
  fc.constantFrom('', 'info', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(16_383), 'x'.repeat(16_384)),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.stringMatching(/^[0-9a-f]{32}$/),
);

/** Structured metadata as encodeMetadata writes it, and bytes that are none. */
export const metadata: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(new Uint8Array(0)) },
  { weight: 6, arbitrary: fc.array(fc.record({ name: names, value: values }), { maxLength: 3 }).map((pairs) => Uint8Array.from(encodeMetadata(pairs))) },
  {
    weight: 1,
    arbitrary: fc.constantFrom([0], [1, 97], [0, 0], [1, 97, 0x80, 0], [1, 97, 0x81, 0x80, 0], [0x81, 0, 97, 0], [2, 0xc3, 0x28, 0], [1, 97, 5, 1], [1, 97, 0xff, 0xff, 0xff, 0x7f]).map((bytes) => Uint8Array.from(bytes)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
);
