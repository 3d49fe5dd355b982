/**
 * Labels of the agent → the names that OpenTelemetry has for them (semantic conventions 1.36, resource attributes). What is not listed keeps its own name.
 */
export const resourceNames: ReadonlyMap<string, string> = new Map([
  ['namespace', 'k8s.namespace.name'], ['pod', 'k8s.pod.name'], ['pod_uid', 'k8s.pod.uid'], ['container', 'k8s.container.name'], ['node', 'k8s.node.name'], ['node_name', 'k8s.node.name'],
  ['cluster', 'k8s.cluster.name'], ['deployment', 'k8s.deployment.name'], ['statefulset', 'k8s.statefulset.name'], ['daemonset', 'k8s.daemonset.name'], ['replicaset', 'k8s.replicaset.name'],
  ['job', 'k8s.job.name'], ['cronjob', 'k8s.cronjob.name'], ['app', 'service.name'], ['service_name', 'service.name'], ['service_namespace', 'service.namespace'], ['service_version', 'service.version'],
  ['service_instance_id', 'service.instance.id'], ['environment', 'deployment.environment.name'], ['env', 'deployment.environment.name'], ['deployment_environment', 'deployment.environment.name'],
  ['cloud_region', 'cloud.region'], ['cloud_availability_zone', 'cloud.availability_zone'], ['host', 'host.name'],
]);

/** Of two labels that have the same name there, the one listed here goes first. */
const preferred = new Set(['service_name', 'node', 'environment']);

/** The label that says which output of a container a line came from; an attribute of the record. */
export const streamLabel = 'stream';
export const streamAttribute = 'log.iostream';

/** Names of structured metadata, and of a label, that say how grave a line is, best first. */
export const levelNames: readonly string[] = ['level', 'detected_level', 'severity', 'severity_text'];
export const traceNames: readonly string[] = ['trace_id', 'traceID', 'traceId'];
export const spanNames: readonly string[] = ['span_id', 'spanID', 'spanId'];

const severities: ReadonlyMap<string, number> = new Map([
  ['trace', 1], ['debug', 5], ['info', 9], ['information', 9], ['notice', 10], ['warn', 13], ['warning', 13], ['error', 17], ['err', 17], ['critical', 18], ['alert', 19], ['emergency', 21], ['fatal', 21], ['panic', 21],
]);

/** The severity number of a level (OpenTelemetry log data model); 0 where it is none. */
export function severityNumber(level: string): number {
  return severities.get(level.toLowerCase()) ?? 0;
}

/** A resource attribute. */
export interface Attribute {
  readonly name: string;
  readonly value: string;
}

/** The resource attributes that labels become; a name that is taken keeps the label's own. */
export function resourceAttributes(labels: readonly Attribute[]): Attribute[] {
  const byName = new Map<string, string>();
  const ordered = [...labels.filter(({ name }) => preferred.has(name)), ...labels.filter(({ name }) => !preferred.has(name))];
  for (const { name, value } of ordered) {
    if (name === streamLabel) continue;
    const known = resourceNames.get(name) ?? name;
    byName.set(byName.has(known) ? name : known, value);
  }
  return Array.from(byName, ([name, value]) => ({ name, value }));
}
