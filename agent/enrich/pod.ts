import { appOfPodName } from './app-name.ts';

/** What the Kubernetes API says of a pod. */
export interface PodInfo {
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** Its controller. */
  readonly owner: { readonly kind: string; readonly name: string } | null;
  /** Container name → image as the pod's spec names it; empty where only metadata is asked for. */
  readonly images: ReadonlyMap<string, string>;
}

/** What a pod belongs to. */
export interface Workload {
  readonly name: string;
  /** `Deployment`, `StatefulSet`, `DaemonSet`, `CronJob`, `Job`, … as Kubernetes spells it; empty where only the pod's name is known. */
  readonly kind: string;
}

/** Labels in which Kubernetes and Argo write the hash that the name of a ReplicaSet ends in, and the kind that made it. */
const hashLabels: readonly (readonly [string, string])[] = [['pod-template-hash', 'Deployment'], ['rollouts-pod-template-hash', 'Rollout']];

/**
 * The workload of a pod, from the pod alone, so that no right on other resources is needed: a ReplicaSet whose name ends in the pod's template hash belongs to a Deployment (or an Argo Rollout), a Job
 * whose name ends in the minutes since 1970 to a CronJob. Without the API it is guessed from the pod's name.
 */
export function workloadOf(pod: string, info: PodInfo | undefined, nodeName: string | undefined): Workload {
  if (info === undefined) return { name: appOfPodName(pod, nodeName), kind: '' };
  const { owner, labels } = info;
  if (owner === null) return { name: pod, kind: 'Pod' };
  if (owner.kind === 'ReplicaSet') {
    for (const [key, kind] of hashLabels) {
      const hash = labels.get(key) ?? '';
      if (hash !== '' && owner.name.endsWith(`-${hash}`) && owner.name.length > hash.length + 1) return { name: owner.name.slice(0, -hash.length - 1), kind };
    }
  }
  if (owner.kind === 'Job') {
    const cron = /^(.+)-\d{8,10}$/.exec(owner.name);
    if (cron?.[1] !== undefined) return { name: cron[1], kind: 'CronJob' };
  }
  // A static pod's mirror is owned by its node.
  if (owner.kind === 'Node') return { name: appOfPodName(pod, owner.name), kind: 'Pod' };
  return owner;
}
