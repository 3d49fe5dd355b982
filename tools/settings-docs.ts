/** Writes docs/operate/configuration.md and limits.md from the tables in the code: `node tools/settings-docs.ts`. A test compares them. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatPrometheusDuration, limitSpecs } from '../src/model/mod.ts';
import { settingSpecs } from '../src/server/mod.ts';

const root = path.resolve(import.meta.dirname, '..');

function sizeText(bytes: number): string {
  for (const [unit, factor] of [['GB', 2 ** 30], ['MB', 2 ** 20], ['KB', 2 ** 10]] as const) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}

function defaultText(kind: string, value: unknown): string {
  if (kind === 'size') return sizeText(Number(value));
  if (kind === 'duration') return typeof value === 'bigint' ? formatPrometheusDuration(value) : formatPrometheusDuration(BigInt(Math.round(Number(value) * 1e6)));
  if (kind === 'time') return 'none';
  if (kind === 'otlp') return "Loki's";
  if (value instanceof Map) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return value === '' ? 'empty' : String(value);
}

/** The page on settings. */
export function configurationPage(): string {
  const rows = Object.entries(settingSpecs).map(
    ([name, spec]) => `| \`${name}\` | \`SPOOR_${name.replaceAll('.', '_').toUpperCase()}\` | ${spec.kind} | ${defaultText(spec.kind, spec.default)} | ${spec.about} |`,
  );
  return `# Configuration of \`spoor serve\`

Settings stand in a YAML file (\`--config file.yaml\`; a dot is a level of nesting), in the environment, or on the command line (\`--data-dir\`, \`--listen\`); later ones win.
\`spoor serve --print-config\` prints what is in force. Errors name file, line and key. Sizes: KB, MB, GB are powers of 1024. Durations: \`30s\`, \`1h30m\`, \`1w\`.
\`limits:\` holds the limits of all tenants, \`overrides:\` those of single tenants ([limits](limits.md)); a limit is also \`SPOOR_LIMITS_…\`.

| setting | environment | kind | default | what it is |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** The page on limits. */
export function limitsPage(): string {
  const rows = Object.entries(limitSpecs).map(([name, spec]) => {
    const none = 'zeroMeansNone' in spec && spec.zeroMeansNone ? 'yes' : '';
    return `| \`${name}\` | ${spec.kind} | ${defaultText(spec.kind, spec.default)} | ${none} | ${spec.about} |`;
  });
  return `# Limits

Each has Loki's name and default, holds for a tenant, and can be set for all (\`limits:\`) or for one (\`overrides: {tenant: …}\`). The error that a limit causes names it.

| limit | kind | default | 0 is no limit | what it is |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

if (import.meta.main) {
  writeFileSync(path.join(root, 'docs/operate/configuration.md'), configurationPage());
  writeFileSync(path.join(root, 'docs/operate/limits.md'), limitsPage());
}
