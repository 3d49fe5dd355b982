import { equalFilter, filterText, notFilter, regexFilter, type TextFilter } from '../regex/mod.ts';
import { formatBytes, type CompareOp, type LabelFilter, type LabelFilterStage } from '../syntax/mod.ts';
import { parseBytesGo, parseDurationGo, parseFloatGo, type Converted } from '../template/mod.ts';
import { compileIp } from './ip.ts';
import type { CompiledStage } from './stage.ts';

/** What a label filter needs of a row's labels. */
export interface FilteredLabels {
  /** The value of a label of any category; undefined where there is none. */
  get(name: string): string | undefined;
  /** `__error__`, "" where there was none. */
  error: string;
  errorDetails: string;
}

/** A label filter made ready. */
export interface LabelTest {
  /** Whether the row stays. A value that does not convert keeps the row and sets LabelFilterErr, unless an error is set already. */
  test(labels: FilteredLabels): boolean;
  /** Labels it looks at, each once. */
  readonly fields: readonly string[];
  /** True for `a and b` and `a or b`. */
  readonly isBinary: boolean;
  /** True where Loki drops the filter, because its expression is one that always holds (`.*`). */
  readonly alwaysTrue: boolean;
}

const errorLabel = '__error__';

/** Compiles a label filter stage. Throws RegexSyntaxError. */
export function compileLabelFilter(stage: LabelFilterStage): CompiledStage {
  const filter = labelTest(stage.filter);
  return { process: (row) => filter.test(row.labels), usesLine: false, usesLabels: filter.fields.length > 0 };
}

/** Compiles a label filter. Throws RegexSyntaxError. */
export function labelTest(filter: LabelFilter, isExact = false): LabelTest {
  if (filter.kind === 'and' || filter.kind === 'or') {
    const left = labelTest(filter.left, isExact);
    const right = labelTest(filter.right, isExact);
    const fields = [...new Set([...left.fields, ...right.fields])];
    if (filter.kind === 'or') return { test: (labels) => left.test(labels) || right.test(labels), fields, isBinary: true, alwaysTrue: false };
    // Loki evaluates the right side too, which may set an error.
    const test = (labels: FilteredLabels): boolean => {
      const first = left.test(labels);
      return right.test(labels) && first;
    };
    return { test, fields, isBinary: true, alwaysTrue: false };
  }
  if (filter.kind === 'string_filter') return stringFilter(filter.matcher.name, textFilter(filter.matcher.op, filter.matcher.value));
  if (filter.kind === 'ip_filter') return ipFilter(filter.name, filter.op === '!=', filter.pattern);
  // Loki hands stages on in their printed form, which has two or three digits of a size: `> 5MiB` is `> 5.2MB` to it; not so filters behind unwrap.
  if (filter.kind === 'bytes_filter') return numberFilter(filter.name, filter.op, isExact ? filter.value : parseBytesGo(formatBytes(filter.value)).value, parseBytesGo);
  return numberFilter(filter.name, filter.op, filter.value, filter.kind === 'number_filter' ? parseFloatGo : parseDurationGo);
}

function textFilter(op: string, value: string): TextFilter {
  if (op === '=') return equalFilter(value);
  if (op === '!=') return notFilter(equalFilter(value));
  const filter = regexFilter(value, true);
  return op === '=~' ? filter : notFilter(filter);
}

function stringFilter(name: string, filter: TextFilter): LabelTest {
  if (filter.kind === 'true') return { test: () => true, fields: [], isBinary: false, alwaysTrue: true };
  const test = name === errorLabel ? (labels: FilteredLabels) => filterText(filter, labels.error) : (labels: FilteredLabels) => filterText(filter, labels.get(name) ?? '');
  return { test, fields: [name], isBinary: false, alwaysTrue: false };
}

function numberFilter(name: string, op: CompareOp, wanted: number, convert: (text: string) => Converted): LabelTest {
  const compare = comparisons[op];
  // Neighbouring rows often have the same value.
  let lastText: string | undefined;
  let last: Converted = { value: 0, error: null };
  const test = (labels: FilteredLabels): boolean => {
    const text = labels.get(name);
    if (text === undefined) return false;
    if (text !== lastText) {
      last = convert(text);
      lastText = text;
    }
    if (last.error === null) return compare(last.value, wanted);
    if (labels.error === '') {
      labels.error = 'LabelFilterErr';
      labels.errorDetails = last.error;
    }
    return true;
  };
  return { test, fields: [name], isBinary: false, alwaysTrue: false };
}

const comparisons: Readonly<Record<CompareOp, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
};

function ipFilter(name: string, negated: boolean, pattern: string): LabelTest {
  const search = compileIp(pattern);
  const test = (labels: FilteredLabels): boolean => {
    if (labels.error !== '') return true;
    const text = labels.get(name);
    if (text === undefined || search === null) return false;
    const bytes = Buffer.from(text, 'utf8');
    return search(bytes, 0, bytes.length) !== negated;
  };
  return { test, fields: [name], isBinary: false, alwaysTrue: false };
}

/** What Loki says is wrong with a label filter; null where nothing is. */
export function labelFilterError(filter: LabelFilter): string | null {
  if (filter.kind === 'and' || filter.kind === 'or') return labelFilterError(filter.left) ?? labelFilterError(filter.right);
  return filter.kind === 'ip_filter' && compileIp(filter.pattern) === null ? `ip: invalid pattern: ${JSON.stringify(filter.pattern)}` : null;
}
