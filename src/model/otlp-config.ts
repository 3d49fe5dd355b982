/** What becomes of an attribute of OpenTelemetry: a label of the stream, structured metadata of the entry, or nothing. */
export type AttributeAction = 'index_label' | 'structured_metadata' | 'drop';

/** Attributes that are treated alike: those of the list, or those whose whole name the RE2 expression matches. */
export interface AttributeRule {
  readonly action: AttributeAction;
  readonly attributes: readonly string[];
  /** Empty where the list decides. */
  readonly regex: string;
}

/** Loki's `otlp_config`: of the rules for a kind of attribute the first that fits decides; what fits none is structured metadata. */
export interface OtlpConfig {
  readonly resource_attributes: {
    /** Leaves out the rule that makes {@link defaultIndexLabels} labels, which comes first otherwise. */
    readonly ignore_defaults: boolean;
    readonly attributes_config: readonly AttributeRule[];
  };
  readonly scope_attributes: readonly AttributeRule[];
  readonly log_attributes: readonly AttributeRule[];
  /** Makes the severity text a label too. */
  readonly severity_text_as_label: boolean;
}

/** Resource attributes that become labels unless a tenant's `otlp_config` says otherwise; Loki's list. */
export const defaultIndexLabels: readonly string[] = [
  'service.name', 'service.namespace', 'service.instance.id', 'deployment.environment', 'deployment.environment.name', 'cloud.region', 'cloud.availability_zone', 'k8s.cluster.name',
  'k8s.namespace.name', 'k8s.pod.name', 'k8s.container.name', 'container.name', 'k8s.replicaset.name', 'k8s.deployment.name', 'k8s.statefulset.name', 'k8s.daemonset.name',
  'k8s.cronjob.name', 'k8s.job.name',
];

/** The configuration of tenants that have none. */
export const defaultOtlpConfig: OtlpConfig = {
  resource_attributes: { ignore_defaults: false, attributes_config: [] },
  scope_attributes: [],
  log_attributes: [],
  severity_text_as_label: false,
};
