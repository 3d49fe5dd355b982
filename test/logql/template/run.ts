import { compileTemplate, type LabelsValue } from '../../../src/logql/template/mod.ts';

/** Labels from a plain object. */
export function labelsOf(labels: Readonly<Record<string, string>>): LabelsValue {
  const map = new Map(Object.entries(labels));
  return { kind: 'labels', get: (name) => map.get(name), entries: () => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}

/** What a template makes of labels and a line, at 2026-01-15T01:03:04.837409316Z. */
export function execute(template: string, labels: Readonly<Record<string, string>> = {}, line: string | Buffer = ''): string {
  const bytes = Buffer.from(line as string);
  return compileTemplate('line', template).executeText({ labels: labelsOf(labels), bytes, start: 0, end: bytes.length, day: 20_468, time: 3_784_837_409_316 });
}
