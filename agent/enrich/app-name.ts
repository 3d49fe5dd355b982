/** What Kubernetes makes random suffixes from: no vowels, no 0, 1, 3 (k8s.io/apimachinery, util/rand). */
const random = '[bcdfghjklmnpqrstvwxz2456789]';
/** `-<ReplicaSet hash>-<pod>` of a Deployment; `-<minutes>-<pod>` of a CronJob. */
const ofDeployment = new RegExp(`^(.+)-(?:${random}{8,10}|\\d{8})-${random}{5}$`);
/** `-<pod>` of a DaemonSet, a Job or a bare ReplicaSet. */
const ofController = new RegExp(`^(.+)-${random}{5}$`);
/** `-<ordinal>` of a StatefulSet. */
const ofStatefulSet = /^(.+)-\d{1,4}$/;

/**
 * The application that a pod belongs to, from its name alone: the name without the suffix that its controller gave it, or without the node's name, which static
 * pods end in. A guess, but always the same one.
 */
export function appOfPodName(pod: string, nodeName: string | undefined): string {
  if (nodeName !== undefined && nodeName !== '' && pod.endsWith(`-${nodeName}`)) return pod.slice(0, -nodeName.length - 1);
  return (ofDeployment.exec(pod) ?? ofController.exec(pod) ?? ofStatefulSet.exec(pod))?.[1] ?? pod;
}
