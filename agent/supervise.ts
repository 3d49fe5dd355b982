import { mkdir } from 'node:fs/promises';
import { pino, type Logger } from 'pino';
import { reasonOf, systemClock, type Clock } from '../src/model/mod.ts';
import { lockStateDir } from './checkpoint/lock.ts';
import { loadCheckpoint } from './checkpoint/store.ts';
import { processEnvironment, type Environment } from './config/environment.ts';
import { configVersion, refusedChange, type ConfigChange, type ConfigSource } from './config/reload.ts';
import type { AgentOptions } from './config/schema.ts';
import { Agent } from './main.ts';
import { agentMetrics } from './status/agent-metrics.ts';
import { CounterCarry } from './status/carry.ts';
import { newConfigState, type ConfigState } from './status/config-state.ts';
import { formatMetrics, type Metric } from './status/metrics.ts';
import { startStatusServer, type StatusServer, type StatusSource } from './status/server.ts';
import { statusReport, type StatusReport } from './status/report.ts';

/** What an agent is given besides its settings; tests hand in their own. */
export interface AgentSurroundings {
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly environment?: Environment;
  /** Told the address of the status endpoint once it listens. */
  readonly listening?: (address: string) => void;
  /** Where changed settings come from; without it they stay as they are. */
  readonly config?: ConfigSource;
}

/**
 * Runs an agent: finds container logs, reads them, sends them, and remembers what the server has. Resolves after the signal, when what was in flight is delivered or
 * the shutdown timeout has passed, and the checkpoint is written. Rejects where it cannot start: `agent_state_dir_in_use`, `format_version`, an unusable state directory.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal, surroundings: AgentSurroundings = {}): Promise<void> {
  await mkdir(options.state_dir, { recursive: true, mode: 0o700 });
  const lock = await lockStateDir(options.state_dir);
  try {
    await new Supervisor(options, surroundings).run(signal);
  } finally {
    await lock.release();
  }
}

/**
 * Runs one Agent after another, in one process and on one state directory. Changed settings are taken by stopping the Agent as SIGTERM would (what is in flight is delivered, positions
 * are written) and making another one, which goes on from the checkpoint: nothing is lost or doubled for the same reason that a restart loses and doubles nothing. A log file
 * is not read during the change and loses nothing by that.
 */
class Supervisor implements StatusSource {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #environment: Environment;
  readonly #surroundings: AgentSurroundings;
  readonly #config: ConfigState;
  readonly #carry = new CounterCarry();
  #options: AgentOptions;
  #agent: Agent | null = null;
  #status: StatusServer | null = null;
  /** When the Agent that was replaced stopped reading, monotonic clock; -1 while no change is under way. */
  #stoppedMs = -1;

  constructor(options: AgentOptions, surroundings: AgentSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#clock = surroundings.clock ?? systemClock;
    this.#log = surroundings.log ?? pino({ level: options.log_level });
    this.#environment = surroundings.environment ?? processEnvironment();
    this.#config = newConfigState(surroundings.config?.file ?? null, configVersion(options), this.#clock.nowMs());
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#status = await this.#listen(this.#options.listen);
    const changes = this.#surroundings.config?.changes(signal)[Symbol.asyncIterator]();
    try {
      let agent = await this.#make(this.#options);
      let next = changes?.next();
      while (!signal.aborted) {
        const stop = new AbortController();
        const running = agent.run(AbortSignal.any([signal, stop.signal]));
        let wanted: AgentOptions | null = null;
        while (wanted === null) {
          const change = await Promise.race([running.then(() => null), ...(next === undefined ? [] : [next])]);
          if (change === null || change.done === true) {
            await running;
            return;
          }
          next = changes?.next();
          wanted = this.#accept(change.value);
        }
        this.#stoppedMs = this.#clock.monotonicMs();
        stop.abort();
        await running;
        this.#carry.add(this.#collect(agent));
        agent = await this.#replace(wanted);
      }
    } finally {
      await changes?.return?.(undefined);
      await this.#status?.close();
    }
  }

  metrics(): string {
    return formatMetrics(this.#metrics());
  }

  report(): StatusReport {
    return statusReport(this.#metrics(), this.#config, this.#options.node_name, this.notReady(), this.#clock.nowMs(), this.#agent?.sources.destinations ?? []);
  }

  notReady(): string | null {
    return this.#agent === null ? 'starting' : this.#agent.notReady;
  }

  notAlive(): string | null {
    return this.#agent === null ? null : this.#agent.notAlive;
  }

  #metrics(): Metric[] {
    return this.#agent === null ? [] : this.#carry.added(this.#collect(this.#agent));
  }

  #collect(agent: Agent): Metric[] {
    return agentMetrics(agent.sources, this.#config, this.#clock);
  }

  async #make(options: AgentOptions): Promise<Agent> {
    const loaded = await loadCheckpoint(options.state_dir);
    this.#agent = new Agent(options, loaded, this.#log, this.#clock, this.#environment, () => this.#reading());
    return this.#agent;
  }

  /** What a change of the configuration file asks for; null where the settings stay as they are, which is said then. */
  #accept(change: ConfigChange): AgentOptions | null {
    const { options, error } = change;
    if (options === undefined) {
      this.#refuse(reasonOf(error));
      return null;
    }
    const version = configVersion(options);
    if (version === this.#config.version) {
      if (this.#config.lastReload?.ok === false) this.#log.info({ file: this.#config.file, version }, 'the settings are again those that the agent runs with');
      this.#config.lastReload = { ok: true, timeMs: this.#clock.nowMs(), reason: 'no setting changed', pauseMs: 0 };
      return null;
    }
    const refused = refusedChange(this.#options, options);
    if (refused !== null) {
      this.#refuse(refused);
      return null;
    }
    return options;
  }

  /** An Agent with new settings; with the old ones where those cannot be run. */
  async #replace(wanted: AgentOptions): Promise<Agent> {
    const moved = wanted.listen !== this.#options.listen;
    let status: StatusServer | null = null;
    try {
      if (moved) status = await this.#listen(wanted.listen);
      const agent = await this.#make(wanted);
      if (moved) {
        await this.#status?.close();
        this.#status = status;
      }
      if (wanted.log_level !== this.#options.log_level) this.#log.level = wanted.log_level;
      this.#options = wanted;
      this.#config.version = configVersion(wanted);
      this.#config.loadedMs = this.#clock.nowMs();
      this.#config.reloads++;
      this.#config.lastReload = { ok: true, timeMs: this.#config.loadedMs, reason: null, pauseMs: null };
      return agent;
    } catch (error) {
      await status?.close();
      this.#refuse(reasonOf(error));
      return this.#make(this.#options);
    }
  }

  /** The Agent reads: a change is complete. */
  #reading(): void {
    if (this.#stoppedMs < 0) return;
    const pauseMs = Math.round(this.#clock.monotonicMs() - this.#stoppedMs);
    this.#stoppedMs = -1;
    if (this.#config.lastReload?.ok !== true) return;
    this.#config.lastReload = { ...this.#config.lastReload, pauseMs };
    this.#log.info({ file: this.#config.file, version: this.#config.version, pauseMs }, 'the agent runs with new settings');
  }

  #refuse(reason: string): void {
    this.#config.failures++;
    this.#config.lastReload = { ok: false, timeMs: this.#clock.nowMs(), reason, pauseMs: null };
    this.#log.error({ file: this.#config.file, reason, version: this.#config.version }, 'the changed settings are not taken; the agent goes on with those it has');
  }

  async #listen(listen: string | undefined): Promise<StatusServer | null> {
    if (listen === undefined) return null;
    const status = await startStatusServer(listen, this);
    this.#log.info({ address: status.address }, 'status endpoint: /metrics, /status, /ready, /healthz');
    this.#surroundings.listening?.(status.address);
    return status;
  }
}
