import type { LabelSet } from '../../model/mod.ts';
import type { ScanTask } from '../source.ts';
import type { BinaryOp, Grouping, VectorMatching, VectorOp } from '../syntax/mod.ts';
import type { RangeAggregation } from './aggregation.ts';

/** What has to be read and done to answer a query. Plain data. */
export type Plan = LogPlan | MetricPlan;

/** Rows of one selector. */
export interface LogPlan {
  readonly kind: 'log';
  readonly task: ScanTask;
  /** At least this many nanoseconds between two returned rows; 0 is all rows. */
  readonly intervalNs: bigint;
  /** At each multiple of this since the epoch the count of the interval begins anew, as Loki reads such pieces apart; 0 is never. */
  readonly splitNs: bigint;
  /** Rows wanted at most; 0 is all. */
  readonly limit: number;
}

/** An expression at evaluation times. */
export interface MetricPlan {
  readonly kind: 'metric';
  readonly instant: boolean;
  readonly startNs: bigint;
  readonly stepNs: bigint;
  readonly steps: number;
  readonly root: PlanNode;
  /** True where the answer keeps the order of the root's series (sort); else it is put in the order of the labels. */
  readonly ordered: boolean;
}

/** One operator. `seriesMax`: more series than this, over all steps, are an error (max_query_series); 0 is no limit. */
export type PlanNode = RangeNode | AggregateNode | JoinNode | ScalarNode | LabelReplaceNode | ConstantNode;

/** A range aggregation, computed where the rows are. */
export interface RangeNode {
  readonly kind: 'range';
  readonly task: ScanTask;
  readonly aggregation: RangeAggregation;
  /** Labels of absent_over_time's series; null for other operators. */
  readonly absent: LabelSet | null;
  /** Series that differ only in empty labels are one, by this operator; null where they are not. */
  readonly merge: VectorOp | null;
  readonly seriesMax: number;
}

export interface AggregateNode {
  readonly kind: 'aggregate';
  readonly op: VectorOp;
  readonly param: number;
  readonly grouping: Grouping;
  readonly input: PlanNode;
  readonly seriesMax: number;
}

/** An operator between two vectors. */
export interface JoinNode {
  readonly kind: 'join';
  readonly op: BinaryOp;
  readonly returnBool: boolean;
  readonly matching: VectorMatching;
  readonly left: PlanNode;
  readonly right: PlanNode;
  readonly seriesMax: number;
}

/** An operator between a vector and a number. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly op: BinaryOp;
  readonly returnBool: boolean;
  readonly value: number;
  /** True: number op vector. */
  readonly numberFirst: boolean;
  readonly input: PlanNode;
  readonly seriesMax: number;
}

export interface LabelReplaceNode {
  readonly kind: 'label_replace';
  readonly destination: string;
  readonly replacement: string;
  readonly source: string;
  readonly pattern: string;
  readonly input: PlanNode;
  readonly seriesMax: number;
}

/** A number or vector(number) at every step. */
export interface ConstantNode {
  readonly kind: 'constant';
  readonly value: number;
  /** True for a bare number, whose instant answer is a scalar. */
  readonly scalar: boolean;
  readonly seriesMax: number;
}
