import { z } from 'zod';
import { annotationNames } from '../enrich/annotation-names.ts';
import { durationMs } from './quantities.ts';

const path = z.string().min(1);
const name = z.string().max(256).regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'names are letters, digits and underscores, and do not begin with a digit');

/** Facts of a pod that can be metadata of its lines, and under which name they stand where only a list is given. */
export const podFacts = { uid: 'pod_uid', node: 'node', workload: 'workload', workload_kind: 'workload_kind', image: 'container_image' } as const;
const factNames = ['uid', 'node', 'workload', 'workload_kind', 'image'] as const;
const source = z.union([z.enum(factNames), z.string().regex(/^(?:label|annotation):./, `one of ${factNames.join(', ')}, label:KEY or annotation:KEY is needed`)]);

/** The key `kubernetes`. */
export const kubernetesSection = z.strictObject({
  enabled: z.union([z.boolean(), z.literal('auto')]).default('auto'),
  url: z.url({ protocol: /^https?$/ }).optional(),
  token: z.string().optional(),
  token_file: path.optional(),
  ca_file: path.optional(),
  insecure_skip_verify: z.boolean().default(false),
  metadata_wait: durationMs(0, '5s'),
  labels: z.array(z.enum(['node', 'workload', 'workload_kind'])).default([]),
  metadata: z.union([
    z.array(z.enum(factNames)).transform((facts) => Object.fromEntries(facts.map((fact) => [podFacts[fact], fact as string]))),
    z.record(name, source),
  ]).default({}),
  annotations: z.union([z.enum(['all', 'none']), z.array(z.enum(annotationNames))]).default('all')
    .transform((value): readonly string[] => (value === 'all' ? annotationNames : value === 'none' ? [] : value)),
}).prefault({});
