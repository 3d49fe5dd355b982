import { arrayOf, objectOf } from './answers.ts';
import type { Client, Parameters } from './client.ts';
import type { Terminal } from './terminal.ts';

/** Prints the plan of a query and what it would read; as JSON where `json` is set. */
export async function runExplain(client: Client, terminal: Terminal, parameters: Parameters, json: boolean): Promise<void> {
  const data = objectOf(objectOf(await client.get('/spoor/api/v1/explain', parameters), 'the answer')['data'], 'data');
  if (json) {
    await terminal.out(`${JSON.stringify(data)}\n`);
    return;
  }
  const c = terminal.colors;
  let text = `${c.bold(String(data['query']))}\n${planOf(objectOf(data['plan'], 'plan'), '')}`;
  for (const [number, item] of arrayOf(data['reads'], 'reads').entries()) text += `\n${c.bold(`read ${number}`)}\n${linesOf(objectOf(item, 'a read'), '  ')}`;
  if (data['analyzed'] !== undefined) text += `\n${c.bold('analyzed')}\n${linesOf(objectOf(data['analyzed'], 'analyzed'), '  ')}`;
  await terminal.out(text);
}

type Json = Readonly<Record<string, unknown>>;

function planOf(node: Json, indent: string): string {
  const { operator, inputs, ...details } = node;
  const shown = Object.entries(details).map(([name, value]) => `${name}: ${plain(value)}`);
  let text = `${indent}${String(operator)}${shown.length > 0 ? `  (${shown.join(', ')})` : ''}\n`;
  for (const input of inputs === undefined ? [] : arrayOf(inputs, 'inputs')) text += planOf(objectOf(input, 'a node'), `${indent}  `);
  return text;
}

/** One line for each value; what was considered, left out and read stands in one. */
function linesOf(object: Json, indent: string): string {
  let text = '';
  for (const [name, value] of Object.entries(object)) {
    if (Array.isArray(value) && value.length === 0) continue;
    if (typeof value !== 'object' || value === null) text += `${indent}${name}: ${plain(value)}\n`;
    else if ('considered' in value) text += `${indent}${name}: ${prunedOf(value)}\n`;
    else if (Array.isArray(value)) text += `${indent}${name}:\n${value.map((item) => `${indent}  ${plain(item)}\n`).join('')}`;
    else text += `${indent}${name}:\n${linesOf(value as Json, `${indent}  `)}`;
  }
  return text;
}

function prunedOf({ considered, pruned, read }: Json): string {
  const reasons = Object.entries(objectOf(pruned, 'pruned')).filter(([, count]) => count !== 0);
  return `${plain(read)} of ${plain(considered)}${reasons.length > 0 ? ` (left out by ${reasons.map(([reason, count]) => `${reason}: ${plain(count)}`).join(', ')})` : ''}`;
}

function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { stage, over } = value as Json;
  return stage === undefined ? JSON.stringify(value) : `${plain(stage)}  over ${plain(over)}`;
}
