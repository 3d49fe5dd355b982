export type { ObjectStore } from './port.ts';
