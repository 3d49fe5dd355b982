import type { ScanTask } from '../source.ts';
import { selectorError } from '../syntax/mod.ts';
import type { Plan, PlanNode } from './plan.ts';

/** The plan with `bytesMax` in the tasks whose selectors match every stream; 0 is no limit. */
export function withReadLimit(plan: Plan, bytesMax: number): Plan {
  if (bytesMax === 0) return plan;
  const limited = (task: ScanTask): ScanTask => (selectorError(task.matchers) === null ? task : { ...task, unselectiveBytesMax: bytesMax });
  return plan.kind === 'log' ? { ...plan, task: limited(plan.task) } : { ...plan, root: limitNode(plan.root, limited) };
}

function limitNode(node: PlanNode, limited: (task: ScanTask) => ScanTask): PlanNode {
  switch (node.kind) {
    case 'range':
      return { ...node, task: limited(node.task) };
    case 'constant':
      return node;
    case 'join':
      return { ...node, left: limitNode(node.left, limited), right: limitNode(node.right, limited) };
    case 'aggregate':
    case 'scalar':
    case 'label_replace':
      return { ...node, input: limitNode(node.input, limited) };
  }
}
