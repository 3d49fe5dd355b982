import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { readConfiguration, startServer, type RunningServer } from '../../src/server/mod.ts';
import { Api } from '../support/api.ts';
import { Rsyslog, rsyslogd } from './rsyslog/daemon.ts';

/** rsyslog as Debian has it (apt-get install rsyslog rsyslog-elasticsearch), unprivileged, and util-linux's logger. */
let directory: string;
let server: RunningServer;
let api: Api;
const hasLogger = ((): boolean => {
  try {
    return execFileSync('logger', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
})();

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'spoor-syslog-'));
  const [key, cert] = [path.join(directory, 'key.pem'), path.join(directory, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=localhost'], { stdio: 'ignore' });
  const config = `syslog: {listen_tcp: "127.0.0.1:0", listen_udp: "127.0.0.1:0", listen_tls: "127.0.0.1:0", tls_cert_file: ${cert}, tls_key_file: ${key}}`;
  server = await startServer(readConfiguration({ file: { name: 'test.yaml', text: config }, environment: {}, flags: { data_dir: path.join(directory, 'data'), listen: '127.0.0.1:0' } }), pino({ level: 'silent' }));
  api = new Api(server.url);
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

const port = (transport: string): number => server.syslogPorts.get(transport) ?? 0;

/** The lines of a selector, once there are so many. */
async function lines(selector: string, count: number, why: () => string = () => ''): Promise<readonly string[]> {
  for (let attempt = 0; ; attempt++) {
    const found = await api.lines(selector);
    if (found.length >= count) return found;
    if (attempt === 300) throw new Error(`${found.length} of ${count} lines\n${why()}`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

it('has what it needs in CI', () => {
  if (process.env['CI'] === 'true') expect({ rsyslogd: rsyslogd !== null, hasLogger }).toEqual({ rsyslogd: true, hasLogger: true });
});

const messages = Array.from({ length: 50 }, (_, i) => `<11>${new Date().toISOString().replace('Z', '000+00:00')} web app[${i}]: line ${i} "quoted" héllo {"a":1}`);
const wanted = Array.from({ length: 50 }, (_, i) => `line ${i} "quoted" héllo {"a":1}`).toSorted();

describe.skipIf(rsyslogd === null)('rsyslog with omelasticsearch', () => {
  test.each<[string, string]>([
    ['bulk', 'bulkmode="on" searchIndex="bulk"'],
    ['retried', 'bulkmode="on" searchIndex="retried" retryfailures="on" retryruleset="again" writeoperation="create" bulkid="id" dynbulkid="on"'],
    ['single', 'searchIndex="single"'],
    ['below', 'bulkmode="on" searchIndex="below" uid="u" pwd="p"'],
  ])('gets on (%s)', async (index, options) => {
    const url = new URL(server.url);
    const target = index === 'below' ? `server="${server.url}/elasticsearch"` : `server="127.0.0.1" serverport="${url.port}"`;
    const template = 'template(name="ecs" type="list" option.jsonf="on") {\n property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")\n property(outname="host" name="hostname" format="jsonf")\n property(outname="app" name="programname" format="jsonf")\n property(outname="severity" name="syslogseverity-text" format="jsonf")\n property(outname="message" name="msg" format="jsonf" position.from="2")\n}\n';
    const daemon = await Rsyslog.start(`${template}template(name="id" type="string" string="%timegenerated:::date-rfc3339%-%procid%")\nruleset(name="again") { stop }\naction(type="omelasticsearch" ${target} ${options} template="ecs" action.resumeRetryCount="-1" queue.dequeueBatchSize="20")`);
    try {
      await daemon.send(messages);
      const found = await lines(`{_index="${index}"}`, 50, () => daemon.output);
      expect(found.toSorted()).toEqual(wanted);
      expect(await api.lines(`{_index="${index}", app="app", host="web"} | severity="err" | detected_level="error"`)).toHaveLength(50);
    } finally {
      await daemon.stop();
    }
  }, 120_000);

  it('gets on with its own template', async () => {
    const daemon = await Rsyslog.start(`action(type="omelasticsearch" server="127.0.0.1" serverport="${new URL(server.url).port}" bulkmode="on" action.resumeRetryCount="-1")`);
    try {
      await daemon.send(messages);
      expect((await lines('{_index="system", host="web"}', 50, () => daemon.output)).map((line) => line.trim()).toSorted()).toEqual(wanted);
    } finally {
      await daemon.stop();
    }
  }, 120_000);
});

describe.skipIf(rsyslogd === null)('rsyslog as a relay', () => {
  test.each<[string, string, string]>([
    ['tcp', 'traditional', 'template="RSYSLOG_TraditionalForwardFormat"'],
    ['tcp', 'forward', 'template="RSYSLOG_ForwardFormat"'],
    ['tcp', 'new', 'template="RSYSLOG_SyslogProtocol23Format" TCP_Framing="octet-counted"'],
    ['udp', 'udp', 'template="RSYSLOG_SyslogProtocol23Format"'],
  ])('over %s (%s)', async (transport, name, options) => {
    const daemon = await Rsyslog.start(`action(type="omfwd" target="127.0.0.1" port="${port(transport)}" protocol="${transport}" ${options})`);
    try {
      await daemon.send(messages.map((message) => message.replace(' app[', ` ${name}[`)));
      const found = await lines(`{app="${name}", host="web", facility="user", job="syslog"} | severity="err" | detected_level="error"`, 50, () => daemon.output);
      // rsyslog keeps the blank behind a tag, and sends it on.
      expect(found.map((line) => line.trimStart()).toSorted()).toEqual(wanted);
    } finally {
      await daemon.stop();
    }
  }, 120_000);
});

describe.skipIf(!hasLogger)('logger', () => {
  test.each<[string, string, readonly string[]]>([
    ['tcp', 'tcp5424', ['--tcp', '--rfc5424']],
    ['tcp', 'tcp3164', ['--tcp', '--rfc3164']],
    ['tcp', 'counted5424', ['--tcp', '--rfc5424', '--octet-count']],
    ['tcp', 'counted3164', ['--tcp', '--rfc3164', '--octet-count']],
    ['udp', 'udp5424', ['--udp', '--rfc5424']],
    ['udp', 'udp3164', ['--udp', '--rfc3164']],
    ['tcp', 'default', ['--tcp']],
  ])('over %s (%s)', async (transport, app, options) => {
    execFileSync('logger', ['--server', '127.0.0.1', '--port', String(port(transport)), ...options, '--tag', app, '--id=77', '--priority', 'local3.warning', '--', `héllo from logger "${app}"`]);
    expect(await lines(`{app="${app}", facility="local3"} | severity="warning" | proc_id="77" | detected_level="warn"`, 1)).toEqual([`héllo from logger "${app}"`]);
  });

  it('with structured data', async () => {
    execFileSync('logger', ['--server', '127.0.0.1', '--port', String(port('udp')), '--udp', '--rfc5424', '--tag', 'sd', '--msgid', 'M1', '--sd-id', 'zoo@123', '--sd-param', 'tiger="hun\\"gry"', '--sd-param', 'zebra="running"', '--sd-id', 'manager@123', '--sd-param', 'onMeeting="yes"', '--', 'with data']);
    expect(await lines('{app="sd"} | zoo_123_tiger=`hun"gry` | zoo_123_zebra="running" | manager_123_onMeeting="yes" | msg_id="M1"', 1)).toEqual(['with data']);
  });
});

it('takes TLS from the configuration', async () => {
  const { connect } = await import('node:tls');
  const ca = await readFile(path.join(directory, 'cert.pem'));
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ port: port('tls'), host: '127.0.0.1', ca, servername: 'localhost' }, () => socket.end('<13>1 - h tls - - - secret\n', () => resolve()));
    socket.on('error', reject);
  });
  expect(await lines('{app="tls"}', 1)).toEqual(['secret']);
});
