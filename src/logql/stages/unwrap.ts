import type { Unwrap } from '../syntax/mod.ts';
import { parseBytesGo, parseDurationGo, parseFloatGo, type Converted } from '../template/mod.ts';
import { labelTest } from './label-filter.ts';
import type { Row } from './stage.ts';

/** An unwrap made ready. */
export interface CompiledUnwrap {
  /** Takes the row's value into `value`; false drops the row, as a missing or empty label does. A value that does not convert is 0 and sets SampleExtractionErr. */
  process(row: Row): boolean;
  /** The value of the last row that stayed. */
  value: number;
}

/** Compiles `| unwrap conversion(label) | filters`. */
export function compileUnwrap(unwrap: Unwrap): CompiledUnwrap {
  const convert = conversions[unwrap.conversion];
  const filters = unwrap.filters.map((filter) => labelTest(filter, true));
  const { label } = unwrap;
  // Neighbouring rows often have the same value.
  let lastText = '0';
  let last = convert(lastText);
  const compiled: CompiledUnwrap = {
    value: 0,
    process: ({ labels }) => {
      const text = labels.get(label);
      if (text === undefined || text === '') return false;
      if (text !== lastText) {
        last = convert(text);
        lastText = text;
      }
      compiled.value = last.value;
      if (last.error !== null) labels.setError('SampleExtractionErr', last.error);
      let passes = true;
      // Loki asks all of them, which may set another error.
      for (const filter of filters) passes = filter.test(labels) && passes;
      return passes;
    },
  };
  return compiled;
}

const conversions: Readonly<Record<Unwrap['conversion'], (text: string) => Converted>> = {
  none: parseFloatGo,
  duration: parseSeconds,
  duration_seconds: parseSeconds,
  bytes: parseBytesGo,
};

function parseSeconds(text: string): Converted {
  const duration = parseDurationGo(text);
  return duration.error === null ? { value: duration.value / 1e9, error: null } : duration;
}
