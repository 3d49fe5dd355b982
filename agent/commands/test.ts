import { parseArgs } from 'node:util';
import { reasonOf } from '../../src/model/mod.ts';
import type { Environment } from '../config/environment.ts';
import { parseAgentConfig, readConfigFile } from '../config/load.ts';
import type { AgentOptions } from '../config/schema.ts';
import { withoutUnset } from './environment.ts';
import { runTrial, trialBytesMax, type TrialContainer, type TrialResult } from './trial.ts';

const usage = `Usage: spoor agent test agent.yaml [flags] < lines

Sends the lines of standard input through the pipeline of a container and shows what would be sent, and what would be dropped and why. Nothing is sent and nothing remembered.
Lines may be what a container writes, or records of its log file (CRI or Docker). Exit code: 0, or 2 for wrong arguments or settings.

  --pod NAMESPACE/NAME      the pod (default default/web-6d5f8c7b9-x2x4z)
  --container NAME          its container (default main)
  --stream stdout|stderr    where lines come from that are no records (default stdout)
  --label KEY=VALUE         a label of the pod, as the Kubernetes API would have it; may be repeated
  --annotation KEY=VALUE    an annotation of the pod, such as spoor.dev/parser=logfmt; may be repeated
  --annotations A=B,C=D     several
  --allow-unset             variables that are not set stand for "x"
  --json                    one JSON object per result
`;

/** `spoor agent test`. @returns the exit code */
export async function testCommand(argv: readonly string[], environment: Environment, input: AsyncIterable<Buffer> = process.stdin as AsyncIterable<Buffer>): Promise<number> {
  let options: AgentOptions;
  let container: TrialContainer;
  let json: boolean;
  try {
    const { values, positionals } = parseArgs({
      args: [...argv], strict: true, allowPositionals: true,
      options: {
        pod: { type: 'string', default: 'default/web-6d5f8c7b9-x2x4z' }, container: { type: 'string', default: 'main' }, stream: { type: 'string', default: 'stdout' },
        label: { type: 'string', multiple: true, default: [] }, annotation: { type: 'string', multiple: true, default: [] }, annotations: { type: 'string' }, config: { type: 'string' },
        'allow-unset': { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) {
      process.stdout.write(usage);
      return 0;
    }
    const [file, ...more] = values.config === undefined ? positionals : [values.config, ...positionals];
    if (file === undefined || more.length > 0) throw new Error(file === undefined ? 'a configuration file is needed' : 'one configuration file at a time');
    const [namespace = '', pod = '', ...rest] = values.pod.split('/');
    if (namespace === '' || pod === '' || rest.length > 0) throw new Error(`--pod: ${JSON.stringify(values.pod)} is not NAMESPACE/NAME`);
    if (values.stream !== 'stdout' && values.stream !== 'stderr') throw new Error('--stream: stdout or stderr');
    const annotations = [...values.annotation, ...(values.annotations === undefined ? [] : values.annotations.split(','))];
    container = { namespace, pod, container: values.container, stream: values.stream, labels: pairs(values.label, '--label'), annotations: pairs(annotations, '--annotation') };
    json = values.json === true;
    options = parseAgentConfig(readConfigFile(file), file, {}, values['allow-unset'] === true ? withoutUnset(environment) : environment);
  } catch (error) {
    process.stderr.write(`spoor agent test: ${reasonOf(error)}\n`);
    return 2;
  }
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of input) {
    pieces.push(piece);
    length += piece.length;
    if (length > trialBytesMax) {
      process.stderr.write(`spoor agent test: more than ${trialBytesMax} bytes of input\n`);
      return 2;
    }
  }
  const counts = { sent: 0, dropped: 0 };
  const { lines, warnings } = runTrial(options, container, Buffer.concat(pieces), (result) => {
    counts[result.kind]++;
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : textOf(result));
  });
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  process.stderr.write(`${lines} lines in, ${counts.sent} sent, ${counts.dropped} dropped\n`);
  return 0;
}

function pairs(texts: readonly string[], flag: string): Map<string, string> {
  return new Map(texts.map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1) throw new Error(`${flag}: ${JSON.stringify(text)} is not KEY=VALUE`);
    return [text.slice(0, equals), text.slice(equals + 1)];
  }));
}

function textOf(result: TrialResult): string {
  if (result.kind === 'dropped') return `dropped (${result.reason})\n${indented(result.line)}`;
  const { labels, metadata, tenant, destinations } = result;
  const list = (set: Readonly<Record<string, string>>): string => Object.entries(set).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  const ns = BigInt(result.time);
  const time = `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)}.${String(((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n).padStart(9, '0')}Z`;
  const to = destinations.length === 0 ? 'to nobody: no destination takes this stream' : `to ${destinations.join(', ')}`;
  return `sent ${to}${tenant === null ? '' : `, tenant ${tenant}`}\n  labels    {${list(labels)}}\n${Object.keys(metadata).length === 0 ? '' : `  metadata  ${list(metadata)}\n`}  time      ${time}\n${indented(result.line)}`;
}

function indented(line: string): string {
  return `${line.split('\n').map((part, i) => `  ${i === 0 ? 'line     ' : '         '} ${part}`).join('\n')}\n`;
}
