import type { BytesTexts, ShreddedTemplate } from '../../../model/mod.ts';
import type { LabelSlot } from '../../stages/label-slot.ts';
import type { LabelsBuilder } from '../../stages/labels-builder.ts';
import type { CompiledStage, Row } from '../../stages/stage.ts';
import type { Stage } from '../../syntax/mod.ts';
import { hasByte, traceParser, type TracedLabel } from './trace.ts';

/** Stages, compiled and as they are written, in the order in which they run. */
export interface ProgramStages {
  readonly stages: readonly Stage[];
  readonly compiled: readonly CompiledStage[];
}

/** Where a value comes from, row by row. */
interface Value {
  readonly name: string;
  /** Of `name`; valid for the builder's generation. */
  slot: LabelSlot;
  /** Column of the template, or -1 where it is `text`. */
  readonly column: number;
  readonly text: Buffer;
  readonly form: 'plain' | 'clean' | 'string' | 'token';
  /** An empty value makes no label. */
  readonly skipsEmpty: boolean;
}

type Step =
  | { readonly kind: 'parse'; readonly parser: 'json' | 'logfmt' | 'pattern'; readonly values: readonly Value[] }
  | { readonly kind: 'stage'; readonly stage: CompiledStage };

const noText = Buffer.alloc(0);
const noNames: ReadonlySet<string> = new Set();

/** The stages of a query as they run over the columns of one template, without lines. */
export class TemplateProgram {
  /** Whether it does all stages; else it does those before the first that must see the line. */
  readonly complete: boolean;
  /** Columns whose values it needs. */
  readonly columns: readonly number[];
  readonly #builder: LabelsBuilder;
  readonly #metadata: readonly Value[];
  readonly #steps: readonly Step[];
  #generation: number;

  private constructor(builder: LabelsBuilder, metadata: readonly Value[], steps: readonly Step[], complete: boolean) {
    this.#builder = builder;
    this.#metadata = metadata;
    this.#steps = steps;
    this.#generation = builder.generation;
    this.complete = complete;
    const used = [...metadata, ...steps.flatMap((step) => (step.kind === 'parse' ? step.values : []))].map(({ column }) => column);
    this.columns = [...new Set(used)].filter((column) => column >= 0);
  }

  /**
   * Null where nothing can be done without the line, or metadata is not apart. `withMetadata`: whether labels of metadata count; `unneeded`: parsed labels that
   * nothing asks for any more.
   */
  static make({ stages, compiled }: ProgramStages, template: ShreddedTemplate, builder: LabelsBuilder, withMetadata: boolean, unneeded: ReadonlySet<string> = noNames): TemplateProgram | null {
    const { holes, metadata: names } = template.template;
    if (withMetadata && names === null) return null;
    const metadata = withMetadata
      ? names!.map((name, i): Value => {
          const slot = builder.slot(name);
          // A label that nobody wants still takes the name from parsed ones.
          const needed = slot.wanted || builder.wants(`${name}_extracted`) || name.startsWith('__error');
          return { name, slot, column: needed ? holes.length + i : -1, text: noText, form: 'plain', skipsEmpty: false };
        })
      : [];
    const steps: Step[] = [];
    let complete = true;
    for (const [i, stage] of stages.entries()) {
      const own = compiled[i]!;
      if (!own.usesLine) {
        steps.push({ kind: 'stage', stage: own });
        continue;
      }
      const traced = traceParser(stage, template);
      const values = traced === null ? null : valuesOf(stage, traced.filter(({ name }) => !unneeded.has(name)), template, builder);
      if (values === null) {
        complete = false;
        break;
      }
      steps.push({ kind: 'parse', parser: stage.kind as 'json' | 'logfmt' | 'pattern', values });
    }
    // A stage that must see the line may stand behind label filters only: without them nothing was won.
    return complete || steps.length > 0 ? new TemplateProgram(builder, metadata, steps, complete) : null;
  }

  /** The labels builder began anew. */
  #refresh(): void {
    this.#generation = this.#builder.generation;
    for (const value of this.#metadata) value.slot = this.#builder.slot(value.name);
    for (const step of this.#steps) if (step.kind === 'parse') for (const value of step.values) value.slot = this.#builder.slot(value.name);
  }

  /** Runs over the row at `place` of the columns' texts; false where a stage drops it. The builder must be at the row's stream. */
  run(row: Row, texts: readonly (BytesTexts | undefined)[], place: number): boolean {
    const builder = this.#builder;
    builder.resetRow(null, 0, 0);
    if (builder.generation !== this.#generation) this.#refresh();
    for (const { slot, column, text } of this.#metadata) {
      if (column < 0) builder.putMetadata(slot, text, 0, 0);
      else {
        const { bytes, start, length } = texts[column]!;
        builder.putMetadata(slot, bytes, start[place]!, start[place]! + length[place]!);
      }
    }
    for (const step of this.#steps) {
      if (step.kind === 'stage') {
        if (!step.stage.process(row)) return false;
      } else if (!this.#parse(step.parser, step.values, texts, place)) return false;
    }
    return true;
  }

  /** Makes labels as the parser would (stages/json.ts, logfmt.ts, pattern.ts). */
  #parse(parser: 'json' | 'logfmt' | 'pattern', values: readonly Value[], texts: readonly (BytesTexts | undefined)[], place: number): boolean {
    const builder = this.#builder;
    if (builder.skipsParsers) return true;
    for (const { slot, column, text, form, skipsEmpty } of values) {
      let bytes = text;
      let start = 0;
      let end = text.length;
      if (column >= 0) {
        const values = texts[column]!;
        bytes = values.bytes;
        start = values.start[place]!;
        end = start + values.length[place]!;
      }
      if (form === 'token' && bytes[start] === 0x6e) continue;
      if (skipsEmpty && start === end) continue;
      const target = builder.claim(slot);
      if (target === null) continue;
      builder.setBytes(target, bytes, start, end, form === 'token' ? 'plain' : form === 'string' ? (hasBackslash(bytes, start, end) ? 'json' : 'clean') : form);
      const passes = target.filter === null || target.filter();
      // Once it found all, `| json` does not drop the row any more; the filter itself comes later.
      if (parser === 'json' && builder.allFound) break;
      if (!passes) return false;
      if (parser === 'logfmt' && builder.allFound) break;
    }
    return true;
  }
}

/** The values of the labels that anyone wants; null where one is neither text nor what fills one hole. */
function valuesOf(stage: Stage, traced: readonly TracedLabel[], { template, heads }: ShreddedTemplate, builder: LabelsBuilder): readonly Value[] | null {
  const values: Value[] = [];
  const skipsEmpty = stage.kind === 'logfmt' && !stage.keepEmpty;
  for (const { name, from } of traced) {
    // Only `| pattern` looks for a name that another label of the row took before it asks whether anyone wants it.
    if (!builder.wants(name) && (stage.kind !== 'pattern' || !builder.wants(`${name}_extracted`))) continue;
    if (from.kind === 'mixed') return null;
    const slot = builder.slot(name);
    if (from.kind === 'text') {
      values.push({ name, slot, column: -1, text: from.bytes, form: stage.kind === 'json' ? 'string' : stage.kind === 'logfmt' ? 'clean' : 'plain', skipsEmpty });
      continue;
    }
    const hole = template.holes[from.hole]!;
    if (stage.kind === 'logfmt' && hole === 'string' && hasByte(heads[from.hole]!, 0x5c)) return null;
    const form = stage.kind === 'logfmt' ? 'clean' : stage.kind === 'json' && (hole === 'string' || hole === 'token') ? hole : 'plain';
    values.push({ name, slot, column: from.hole, text: noText, form, skipsEmpty });
  }
  return values;
}

function hasBackslash(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === 0x5c) return true;
  return false;
}
