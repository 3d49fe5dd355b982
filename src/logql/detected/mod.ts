export { Detector } from './detector.ts';
export { LabelVerdict } from './label-values.ts';
export { packRows } from './pack.ts';
export type { Detected, DetectedField, DetectionRows, DetectionTask } from './task.ts';
