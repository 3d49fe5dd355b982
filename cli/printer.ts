import type { Entry } from './answers.ts';
import { formatLabels, type Labels } from './labels.ts';
import type { Terminal } from './terminal.ts';
import { formatTime, type TimeFormat, type Zone } from './times.ts';

/** The forms of `-o`. */
export const outputModes = ['default', 'raw', 'jsonl'] as const;
export type OutputMode = (typeof outputModes)[number];

/** How entries are shown. */
export interface PrintOptions {
  readonly mode: OutputMode;
  readonly zone: Zone;
  readonly timeFormat: TimeFormat;
  readonly noLabels: boolean;
}

/**
 * Writes entries: `default` is time, labels and line; `raw` the line alone; `jsonl` one JSON object per entry (`labels`, `line`, `timestamp`).
 */
export class Printer {
  readonly #terminal: Terminal;
  readonly #options: PrintOptions;
  readonly #colors: readonly ((text: string) => string)[];

  constructor(terminal: Terminal, options: PrintOptions) {
    this.#terminal = terminal;
    this.#options = options;
    const c = terminal.colors;
    this.#colors = [c.cyan, c.green, c.magenta, c.yellow, c.red, c.cyanBright, c.greenBright, c.magentaBright, c.yellowBright, c.redBright];
  }

  /**
   * Writes entries, each with the labels to show.
   * @param labelsWidth labels are padded to this many characters
   */
  async print(rows: Iterable<{ readonly entry: Entry; readonly shown: Labels }>, labelsWidth: number): Promise<void> {
    let text = '';
    for (const { entry, shown } of rows) {
      text += this.#format(entry, shown, labelsWidth);
      if (text.length >= 65_536) {
        await this.#terminal.out(text);
        text = '';
      }
    }
    await this.#terminal.out(text);
  }

  #format(entry: Entry, shown: Labels, labelsWidth: number): string {
    const { mode, zone, timeFormat, noLabels } = this.#options;
    if (mode === 'raw') return entry.line.endsWith('\n') ? entry.line : `${entry.line}\n`;
    if (mode === 'jsonl') {
      const head = noLabels ? '' : `"labels":${JSON.stringify(Object.fromEntries(shown))},`;
      return `{${head}"line":${JSON.stringify(entry.line)},"timestamp":"${formatTime(entry.timeNs, 'rfc3339nano', zone)}"}\n`;
    }
    const time = this.#terminal.colors.blue(formatTime(entry.timeNs, timeFormat, zone));
    const trimmed = entry.line.trim();
    const line = this.#terminal.interactive ? withoutControls(trimmed) : trimmed;
    if (noLabels) return `${time} ${line}\n`;
    return `${time} ${this.colorOf(entry.labels)(formatLabels(shown).padEnd(labelsWidth))} ${line}\n`;
  }

  /** The colour of a stream: always the same for the same labels. */
  colorOf(labels: Labels): (text: string) => string {
    let hash = 0x811c9dc5;
    const text = formatLabels(labels);
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return this.#colors[(hash >>> 0) % this.#colors.length] ?? ((plain: string): string => plain);
  }
}

const controlPattern = /(\p{Cc})(\[[0-9;]*m)|[^\P{Cc}\t\n]/gu;

/** A line as it may be shown on a terminal: colours stay, other control sequences, which could move the cursor or retitle the window, show as `^X`. */
export function withoutControls(line: string): string {
  return line.replaceAll(controlPattern, (found: string, control: string | undefined, color: string | undefined) => {
    if (control === '\u001b') return found;
    const code = found.charCodeAt(0);
    const name = code < 0x20 ? `^${String.fromCharCode(code + 64)}` : code === 0x7f ? '^?' : `\\x${code.toString(16)}`;
    return name + (color ?? '');
  });
}
