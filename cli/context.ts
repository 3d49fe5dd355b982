import { arrayOf, objectOf, type Entry } from './answers.ts';
import type { Client, Parameters } from './client.ts';
import { readEntryLine } from './export.ts';
import type { Printer } from './printer.ts';
import type { Terminal } from './terminal.ts';

/** Prints the entries before and after one, oldest first; the one itself is marked unless the output is for programs. */
export async function runContext(client: Client, terminal: Terminal, printer: Printer, parameters: Parameters, marked: boolean): Promise<void> {
  const data = objectOf(objectOf(await client.get('/spoor/api/v1/context', parameters), 'the answer')['data'], 'data');
  const entriesOf = (name: string): Entry[] => arrayOf(data[name], `data.${name}`).map(readEntry);
  const print = (entries: readonly Entry[]): Promise<void> => printer.print(entries.map((entry) => ({ entry, shown: entry.labels })), 0);
  await print(entriesOf('before'));
  if (marked) await terminal.out(terminal.colors.bold('→ '));
  await print([readEntry(data['entry'])]);
  await print(entriesOf('after'));
}

function readEntry(value: unknown): Entry {
  return readEntryLine(JSON.stringify(value));
}
