import type { Distributor } from '../distributor/mod.ts';
import type { Engine } from '../logql/mod.ts';
import type { Clock, LimitsSource } from '../model/mod.ts';
import type { PushBodyLimits } from '../protocols/mod.ts';
import type { FieldQuerier, LabelQuerier, Querier } from '../querier/mod.ts';
import type { Metrics } from './metrics.ts';
import type { PushIntake } from './push-intake.ts';
import type { QueryQueues } from './query-turn.ts';

/** What the HTTP server needs of the rest. */
export interface HttpParts {
  readonly authEnabled: boolean;
  /** Whether one query may be for several tenants. */
  readonly severalTenants: boolean;
  readonly queues: QueryQueues;
  readonly distributor: Distributor;
  readonly engine: Engine;
  readonly querier: Querier;
  readonly labels: LabelQuerier;
  readonly fields: FieldQuerier;
  readonly limits: LimitsSource;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly bodyLimits: PushBodyLimits;
  /** The memory of pushes under way, of all protocols. */
  readonly intake: PushIntake;
  /** How clients of Elasticsearch are answered. */
  readonly elasticsearch: {
    /** The version that they are told; empty: their own. */
    readonly version: string;
    /** The tenant of requests that name none, where tenants must be named; empty: such requests are refused. */
    readonly tenant: string;
  };
  /** Time in which a request must have arrived with its body. */
  readonly readTimeoutMs: number;
  /** Writes the heads out. */
  flush(): Promise<void>;
  /** Throws or gives a reason while the process is not ready to serve. */
  ready(): Promise<string | null>;
  /** The configuration in force, as YAML, without secrets. */
  readonly configuration: string;
  readonly version: { readonly version: string; readonly revision: string };
  /** Folder of the page at /. */
  readonly pageDirectory: string;
}
