/** What reading fields did; one plain object for the whole agent, counters only ever rise. */
export interface FieldCounts {
  /** Lines that a parser looked at. */
  lines: number;
  /** Lines that are not in the format that a rule names for them; what was found before the fault counts. */
  notInFormat: number;
  /** Lines with a level, and with a trace ID. */
  withLevel: number;
  withTrace: number;
  /** Times that a rule wanted from a field and could not be read; the line keeps the time of its record. */
  badTimes: number;
  /** Values that did not become labels because a pod had too many already; they went to metadata. */
  labelValuesRefused: number;
  /** Values of metadata that were cut. */
  valuesCut: number;
}

export function newFieldCounts(): FieldCounts {
  return { lines: 0, notInFormat: 0, withLevel: 0, withTrace: 0, badTimes: 0, labelValuesRefused: 0, valuesCut: 0 };
}
