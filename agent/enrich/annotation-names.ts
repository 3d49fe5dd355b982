/** What every annotation of a pod that the agent reads begins with. */
export const annotationPrefix = 'spoor.dev/';

/** What may stand behind it: `spoor.dev/<name>`, or `spoor.dev/<container>.<name>` for one container. */
export const annotationNames = ['exclude', 'parser', 'multiline', 'multiline-start', 'sampling', 'rate-limit', 'tenant', 'redact', 'labels', 'metadata'] as const;
export type AnnotationName = (typeof annotationNames)[number];
