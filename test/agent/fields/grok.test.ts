import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGrok } from '../../../agent/fields/grok.ts';
import { grokPatterns } from '../../../agent/fields/grok-patterns.ts';
import { FieldNames } from '../../../agent/fields/names.ts';
import { RegexFields } from '../../../agent/fields/regex.ts';
import { FieldTable } from '../../../agent/fields/table.ts';

function read(expression: string, text: string, own: Readonly<Record<string, string>> = {}): Record<string, string> | null {
  const { pattern, fields } = compileGrok(expression, new Map(Object.entries(own)));
  const names = new FieldNames();
  for (const { name } of fields) names.add(name);
  const table = new FieldTable(new RegexFields(names, pattern, fields));
  const bytes = Buffer.from(`..${text}..`);
  if (!table.read(bytes, 2, bytes.length - 2)) return null;
  return Object.fromEntries(fields.flatMap(({ name }) => (table.get(name) === undefined || table.get(name) === '' ? [] : [[name, table.get(name) ?? '']])));
}

describe('grok', () => {
  it.each(Array.from(grokPatterns.keys()))('%s compiles', (name) => {
    expect(() => compileGrok(`%{${name}}`, new Map())).not.toThrow();
  });

  it.each<[string, string, Record<string, string>]>([
    ['%{COMBINEDAPACHELOG}', '10.2.3.4 - frank [10/Oct/2026:13:55:36 -0700] "GET /a?x=1 HTTP/1.1" 200 2326 "http://www.example.com/s" "Mozilla/5.0 (X11)"', {
      clientip: '10.2.3.4', ident: '-', auth: 'frank', timestamp: '10/Oct/2026:13:55:36 -0700', verb: 'GET', request: '/a?x=1', httpversion: '1.1', response: '200', bytes: '2326',
      referrer: '"http://www.example.com/s"', agent: '"Mozilla/5.0 (X11)"',
    }],
    ['%{COMMONAPACHELOG}', '::1 - - [10/Oct/2026:13:55:36 +0000] "-" 408 -', { clientip: '::1', ident: '-', auth: '-', timestamp: '10/Oct/2026:13:55:36 +0000', rawrequest: '-', response: '408' }],
    ['%{SYSLOGLINE}', 'Nov 22 21:00:00 host app[12]: it failed', { timestamp: 'Nov 22 21:00:00', logsource: 'host', program: 'app', pid: '12', message: 'it failed' }],
    ['%{SYSLOG5424LINE}', '<34>1 2026-10-11T22:14:15.003Z mymachine su - ID47 - failed for lonvick', {
      syslog5424_pri: '34', syslog5424_ver: '1', syslog5424_ts: '2026-10-11T22:14:15.003Z', syslog5424_host: 'mymachine', syslog5424_app: 'su', syslog5424_msgid: 'ID47', syslog5424_msg: 'failed for lonvick',
    }],
    ['%{HTTPD_ERRORLOG}', '[Thu Oct 22 12:33:43.123456 2026] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:54321] File does not exist', {
      timestamp: 'Thu Oct 22 12:33:43.123456 2026', module: 'core', loglevel: 'error', pid: '35708', tid: '4328636416', clientip: '72.15.99.187', clientport: '54321', message: 'File does not exist',
    }],
    ['%{NGINXERROR}', '2026/11/22 21:00:00 [warn] 12#34: *5 low', { timestamp: '2026/11/22 21:00:00', loglevel: 'warn', pid: '12', tid: '34', connection: '5', message: 'low' }],
    ['%{REDISLOG4}', '1:M 22 Nov 2026 21:00:00.123 * Ready', { pid: '1', role: 'M', timestamp: '22 Nov 2026 21:00:00.123', level: '*', message: 'Ready' }],
    ['%{SPRINGBOOT}', '2026-11-22T21:00:00.123Z  WARN 1 --- [shop] [nio-8080-exec-1] c.acme.Shop : slow', {
      timestamp: '2026-11-22T21:00:00.123Z', level: 'WARN', pid: '1', application: 'shop', thread: 'nio-8080-exec-1', class: 'c.acme.Shop', logmessage: 'slow',
    }],
    ['%{POSTGRESQL}', '2026-11-22 21:00:00.123 UTC [77] app@shop ERROR:  no such table', { timestamp: '2026-11-22 21:00:00.123', zone: 'UTC', pid: '77', user: 'app', database: 'shop', level: 'ERROR', message: 'no such table' }],
    ['%{ELB_ACCESS_LOG}', '2026-05-13T23:39:43.945958Z my-lb 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/a?b=c HTTP/1.1" "curl/7.38.0" - -', {
      timestamp: '2026-05-13T23:39:43.945958Z', elb: 'my-lb', clientip: '192.168.131.39', clientport: '2817', backendip: '10.0.0.1', backendport: '80', request_processing_time: '0.000073', backend_processing_time: '0.001048',
      response_processing_time: '0.000057', response: '200', backend_response: '200', received_bytes: '0', bytes: '29', verb: 'GET', request: 'http://www.example.com:80/a?b=c', proto: 'http', urihost: 'www.example.com:80', port: '80',
      path: '/a', params: 'b=c', httpversion: '1.1', agent: '"curl/7.38.0"', ssl_cipher: '-', ssl_protocol: '-',
    }],
    ['%{IP:ip} %{WORD:word} %{NUMBER:n:float}', 'fe80::1%eth0 GET -1.5', { ip: 'fe80::1%eth0', word: 'GET', n: '-1.5' }],
    ['%{IPV6:ip}', '2001:db8:0:0:0:0:2:1', { ip: '2001:db8:0:0:0:0:2:1' }],
    ['^%{UUID:id} %{URI:uri}$', '123e4567-e89b-12d3-a456-426614174000 https://user@example.com:8443/a/b?c=d', { id: '123e4567-e89b-12d3-a456-426614174000', uri: 'https://user@example.com:8443/a/b?c=d', port: '8443' }],
    ['%{WORD:[http][method]} (?<http.path>/[a-z]*)', 'GET /x', { 'http.method': 'GET', 'http.path': '/x' }],
    ['%{TIMESTAMP_ISO8601:ts} %{LOGLEVEL:level} %{GREEDYDATA:msg}', '2026-11-22T21:00:00,123+01:00 WARN a b', { ts: '2026-11-22T21:00:00,123+01:00', level: 'WARN', msg: 'a b' }],
  ])('%s reads %s', (expression, text, fields) => {
    expect(read(expression, text)).toEqual(fields);
  });

  it('takes patterns of one\'s own before the built-in ones, and checks types', () => {
    expect(read('%{ORDER:order} %{WORD:word}', 'A-1 b-2', { ORDER: '%{WORD}-%{INT}', WORD: '[a-zA-Z]' })).toEqual({ order: 'A-1', word: 'b' });
    expect(read('%{NOTSPACE:n:int} %{NOTSPACE:f:float} %{NOTSPACE:b:bool} %{NOTSPACE:s}', 'x12 1e3 TRUE x')).toEqual({ f: '1e3', b: 'TRUE', s: 'x' });
  });

  it.each([
    ['%{NOSUCH:x}', 'there is no pattern NOSUCH'], ['%{A}', 'the pattern A stands in itself'], ['%{WORD:x:money}', 'money is no type'], ['%{WORD:x', 'is no %{NAME}'], ['(%{WORD:x}', 'missing closing )'],
    ['%{BOMB10:x}', 'longer than'],
  ])('refuses %s: %s', (expression, reason) => {
    const bombs = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`BOMB${i + 1}`, i === 0 ? 'x'.repeat(100) : `%{BOMB${i}}`.repeat(10)]));
    expect(() => compileGrok(expression, new Map(Object.entries({ A: '%{B}', B: '%{A}', ...bombs })))).toThrow(reason);
  });

  it('never throws for a line', () => {
    const expressions = ['%{COMBINEDAPACHELOG}', '%{SYSLOGLINE}', '%{HAPROXYHTTP}', '%{URI:u}'].map((expression) => compileGrok(expression, new Map()).pattern);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
      const bytes = Buffer.from(array);
      for (const pattern of expressions) {
        const slots = pattern.find(bytes, 0, bytes.length);
        for (const slot of slots ?? []) expect(slot).toBeLessThanOrEqual(bytes.length);
      }
    }), { numRuns: 500 });
  });
});
