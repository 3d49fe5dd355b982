import type { Terminal } from '../terminal.ts';

/** Bytes in units of 1000, three digits. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes;
  for (const unit of ['kB', 'MB', 'GB']) {
    value /= 1000;
    if (value < 999.5 || unit === 'GB') return `${value < 9.95 ? value.toFixed(1) : String(Math.round(value))} ${unit}`;
  }
  return `${bytes} B`;
}

/** A whole number with commas. */
export function countText(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 row`, `2 rows`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** A part of a whole. */
export function partText(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`;
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text on one line, without what could move the cursor, and cut to so many characters. */
export function shown(text: string, charactersMax: number): string {
  const cut = text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
  return cut.replaceAll(/\p{Cc}/gu, (control) => escapes[control] ?? `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

export interface TableColumn {
  readonly title: string;
  readonly right?: boolean;
}

/** Lines of a table, indented by two; empty columns are left out. */
export function tableText(terminal: Terminal, columns: readonly TableColumn[], rows: readonly (readonly string[])[], indent = '  '): string {
  const kept = columns.map((column, i) => ({ ...column, i })).filter(({ i }) => rows.some((row) => row[i] !== ''));
  const widths = kept.map(({ title, i }) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `${indent}${cells.map((cell, k) => (kept[k]?.right === true ? cell.padStart(widths[k] ?? 0) : cell.padEnd(widths[k] ?? 0))).join('  ').trimEnd()}\n`;
  return terminal.colors.dim(line(kept.map(({ title }) => title))) + rows.map((row) => line(kept.map(({ i }) => row[i] ?? ''))).join('');
}

/** What is said behind the first so many of something. */
export function moreText(all: number, listed: number, what: string): string {
  return all > listed ? `  … and ${countText(all - listed)} more ${what} (--all shows them)\n` : '';
}

/** The damage that was found, and what it means. */
export function damageText(terminal: Terminal, damage: readonly { readonly offset: number; readonly reason: string }[], checked: string): string {
  const c = terminal.colors;
  if (damage.length === 0) return `${c.green(checked)}\n`;
  return `${c.red(`damaged in ${plural(damage.length, 'place')}:`)}\n${damage.map(({ offset, reason }) => `  offset ${offset}: ${shown(reason, 300)}\n`).join('')}`;
}

/** JSON with bigints as decimal numbers in quotes. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, (_, own: unknown) => (typeof own === 'bigint' ? String(own) : own))}\n`;
}
