import { labelsObject } from '../../model/mod.ts';
import type { LogPlan, MetricPlan, Plan, PlanNode } from '../plan/plan.ts';
import { splitStages } from '../scan/leading.ts';
import { createScanner } from '../scan/mod.ts';
import type { ScanTask } from '../source.ts';
import { formatMatchers, formatStage, type Grouping, type Stage } from '../syntax/mod.ts';

/** An operator as explain shows it. Operators that read have `read`, the number of what they read in ExplainedPlan.tasks. */
export interface ExplainedNode {
  readonly operator: string;
  readonly read?: number;
  readonly inputs?: readonly ExplainedNode[];
  readonly [detail: string]: unknown;
}

/** A plan to be shown, and the scans that it consists of. */
export interface ExplainedPlan {
  readonly plan: ExplainedNode;
  readonly tasks: readonly ScanTask[];
}

/** Describes a plan (docs/operate/explain.md). */
export function explainPlan(plan: Plan): ExplainedPlan {
  const tasks: ScanTask[] = [];
  return { plan: plan.kind === 'log' ? explainLog(plan, tasks) : explainMetric(plan, tasks), tasks };
}

function explainLog({ task, limit, intervalNs }: LogPlan, tasks: ScanTask[]): ExplainedNode {
  const direction = task.output.kind === 'log' ? task.output.direction : 'forward';
  return { operator: 'rows', direction, limit, ...(intervalNs > 0n ? { intervalNs: String(intervalNs) } : {}), read: tasks.push(task) - 1 };
}

function explainMetric({ root, instant, startNs, stepNs, steps }: MetricPlan, tasks: ScanTask[]): ExplainedNode {
  const times = { startNs: String(startNs), steps, ...(instant ? {} : { stepNs: String(stepNs) }) };
  return { operator: instant ? 'vector' : 'matrix', ...times, inputs: [explainNode(root, tasks)] };
}

function explainNode(node: PlanNode, tasks: ScanTask[]): ExplainedNode {
  switch (node.kind) {
    case 'range': {
      const { op, param, unwrap, rangeNs, grouping, skipParsers, requiredLabels } = node.aggregation;
      return {
        operator: op,
        ...(param === null ? {} : { param }),
        rangeNs: String(rangeNs),
        ...(unwrap === null ? {} : { unwrap: unwrap.label }),
        // Computed where the rows are; an enclosing aggregation's grouping where that changes nothing.
        ...(grouping === null ? {} : { pushedDown: groupingText(grouping) }),
        parsers: skipParsers ? 'not run: no label of theirs is needed' : requiredLabels === null ? 'for all labels' : `for ${requiredLabels.join(', ')}`,
        ...(node.absent === null ? {} : { absent: labelsObject(node.absent) }),
        read: tasks.push(node.task) - 1,
      };
    }
    case 'aggregate':
      return { operator: node.op, ...(node.param === 0 ? {} : { param: node.param }), grouping: groupingText(node.grouping), inputs: [explainNode(node.input, tasks)] };
    case 'join':
      return { operator: node.op, returnBool: node.returnBool, matching: node.matching, inputs: [explainNode(node.left, tasks), explainNode(node.right, tasks)] };
    case 'scalar':
      return { operator: node.op, returnBool: node.returnBool, value: node.value, numberFirst: node.numberFirst, inputs: [explainNode(node.input, tasks)] };
    case 'label_replace':
      return { operator: 'label_replace', destination: node.destination, replacement: node.replacement, source: node.source, pattern: node.pattern, inputs: [explainNode(node.input, tasks)] };
    case 'constant':
      return { operator: 'constant', value: node.value };
  }
}

function groupingText({ without, labels }: Grouping): string {
  return `${without ? 'without' : 'by'} (${labels.join(', ')})`;
}

/** What a scan does with rows, apart from where they lie. */
export interface ExplainedTask {
  readonly selector: string;
  readonly startNs: string;
  readonly endNs: string;
  /** In the order in which they run; `over` says on what. */
  readonly stages: readonly { readonly stage: string; readonly over: 'blocks of lines' | 'rows' | 'nothing' }[];
  /** Columns that are read besides time and stream. */
  readonly columns: readonly string[];
}

/** Describes a scan. */
export function explainTask(task: ScanTask): ExplainedTask {
  const { rest } = splitStages(task.stages);
  const own = new Set<Stage>(rest);
  const skipped = task.output.kind === 'aggregate' && task.output.aggregation.skipParsers;
  const leading = task.stages.filter((stage) => !own.has(stage));
  const over = (stage: Stage): 'blocks of lines' | 'rows' | 'nothing' => (!own.has(stage) ? 'blocks of lines' : skipped && parsers.has(stage.kind) ? 'nothing' : 'rows');
  const { order, lineLength, lines, metadata } = createScanner(task).needs;
  const columns = Object.entries({ order, lineLength, lines, metadata }).flatMap(([name, needed]) => (needed ? [name] : []));
  return {
    selector: formatMatchers(task.matchers),
    startNs: String(task.startNs),
    endNs: String(task.endNs),
    stages: [...leading, ...rest].map((stage) => ({ stage: formatStage(stage), over: over(stage) })),
    columns,
  };
}

const parsers: ReadonlySet<Stage['kind']> = new Set(['json', 'logfmt', 'regexp', 'pattern', 'unpack']);
