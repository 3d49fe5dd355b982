import { Command, InvalidArgumentError, Option } from 'commander';
import { runCanary } from './canary.ts';
import { Client } from './client.ts';
import { runContext } from './context.ts';
import { environment, nowNs, type Environment } from './environment.ts';
import { runExplain } from './explain.ts';
import { addConnectionFlags, collect, connectionOptions, countOf } from './flags.ts';
import { outputModes, Printer, type OutputMode, type PrintOptions } from './printer.ts';
import { runInstantQuery, runRangeQuery, type ShowOptions } from './query.ts';
import { runLabels, runSeries, type TimeRange } from './series.ts';
import { runTail } from './tail.ts';
import type { Terminal } from './terminal.ts';
import { parseDuration, parseTime, timeFormats, type TimeFormat, type Zone } from './times.ts';
import { runTrace } from './trace.ts';

/** What the commands need of the world; tests hand in their own. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly variables: Environment;
  readonly nowNs: () => bigint;
  /** From now on an interrupt does not end the process but aborts this signal. */
  readonly untilInterrupted: () => AbortSignal;
}

/**
 * The surroundings of the real command.
 * @param takeSignals called before signals get a meaning
 */
export function realSurroundings(terminal: Terminal, takeSignals: () => void): Surroundings {
  const untilInterrupted = (): AbortSignal => {
    const controller = new AbortController();
    takeSignals();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
    return controller.signal;
  };
  return { terminal, variables: environment(), nowNs, untilInterrupted };
}

interface GlobalFlags extends Readonly<Record<string, unknown>> {
  readonly quiet: boolean;
  readonly stats: boolean;
  readonly output: OutputMode;
  readonly timezone: Zone;
  readonly outputTimestampFormat: TimeFormat;
}

interface RangeFlags {
  readonly since?: string;
  readonly from?: string;
  readonly to?: string;
}

interface QueryFlags extends RangeFlags {
  readonly limit: number;
  readonly batch: number;
  readonly step?: string;
  readonly interval?: string;
  readonly forward: boolean;
  readonly labels: boolean;
  readonly includeLabel: readonly string[];
  readonly excludeLabel: readonly string[];
  readonly includeCommonLabels: boolean;
  readonly labelsLength: number;
  readonly tail: boolean;
  readonly follow: boolean;
  readonly delayFor: number;
  readonly now?: string;
}

interface ContextFlags {
  readonly id?: string;
  readonly line?: string;
  readonly before: number;
  readonly after: number;
  readonly labels: boolean;
}

interface ExplainFlags extends RangeFlags {
  readonly limit: number;
  readonly step?: string;
  readonly instant: boolean;
  readonly forward: boolean;
  readonly analyze: boolean;
}

interface CanaryFlags extends RangeFlags {
  readonly url?: string;
  readonly selector: string;
  readonly watch: string;
  readonly grace: string;
  readonly nodes: number;
  readonly json: boolean;
}

interface InspectFlags {
  readonly json: boolean;
  readonly all: boolean;
  readonly verify?: boolean;
  readonly rowGroup?: number;
}

const defaultSince = '1h';
const canaryPollMs = 250;

/** The commands that speak HTTP, and the names of those that are delegated. Parsing it runs the command; failures are thrown. */
export function createProgram(surroundings: Surroundings): Command {
  const { terminal, variables } = surroundings;
  const program = new Command('spoor')
    .description('Store, query and follow logs: Loki\'s API and LogQL over columns in object storage.')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showHelpAfterError('(spoor --help shows what there is)');
  addConnectionFlags(program);
  program
    .addOption(new Option('-q, --quiet', 'only results, no remarks about the query').default(false, 'off'))
    .addOption(new Option('--stats', 'show the statistics of the query').default(false, 'off'))
    .addOption(new Option('-o, --output <mode>', 'form of log entries').choices(outputModes).default('default'))
    .addOption(new Option('-z, --timezone <zone>', 'zone of times').choices(['Local', 'UTC']).default('Local'))
    .addOption(new Option('--output-timestamp-format <form>', 'form of times in the default output').choices(timeFormats).default('rfc3339'));

  program.command('serve').description('run the server (spoor serve --help)').helpOption(false);
  program.command('agent').description("run the agent that ships a machine's container logs (spoor agent --help)").helpOption(false);

  const rangeOf = (flags: RangeFlags, zone: Zone): TimeRange => {
    const now = surroundings.nowNs();
    const endNs = flags.to === undefined ? now : parseTime(flags.to, zone, now);
    return { startNs: flags.from === undefined ? now - parseDuration(flags.since ?? defaultSince) : parseTime(flags.from, zone, now), endNs };
  };
  const globals = (): GlobalFlags => program.opts<GlobalFlags>();
  const printOptions = (noLabels: boolean): PrintOptions => {
    const flags = globals();
    return { mode: flags.output, zone: flags.timezone, timeFormat: flags.outputTimestampFormat, noLabels };
  };
  const connect = (): Client => new Client(connectionOptions(globals(), variables), (text) => terminal.note(text));
  const showOptions = (flags: QueryFlags): ShowOptions => ({
    choice: { include: flags.includeLabel, exclude: flags.excludeLabel },
    includeCommonLabels: flags.includeCommonLabels,
    labelsLength: flags.labelsLength,
    quiet: globals().quiet,
    stats: globals().stats,
  });
  const tail = (query: string, flags: QueryFlags): Promise<void> =>
    runTail(
      connect(),
      terminal,
      new Printer(terminal, printOptions(!flags.labels)),
      {
        query,
        startNs: rangeOf(flags, globals().timezone).startNs,
        limit: flags.limit,
        delayForSeconds: flags.delayFor,
        choice: { include: flags.includeLabel, exclude: flags.excludeLabel },
        labelsLength: flags.labelsLength,
        quiet: globals().quiet,
      },
      surroundings.nowNs,
      surroundings.untilInterrupted(),
    );

  const query = program.command('query').description('run a LogQL query over a range of time').argument('<logql>', `such as '{app="shop"} |= "error"'`);
  addRangeFlags(query);
  addEntryFlags(query);
  query
    .option('--batch <entries>', 'entries of one request at most; more requests follow until --limit is reached', count, 1000)
    .option('--step <duration>', 'distance of the points of a metric query')
    .option('--interval <duration>', 'at most one log entry per stream and interval')
    .option('-t, --tail', 'go on showing entries as they arrive', false)
    .option('-f, --follow', 'the same as --tail', false)
    .addOption(delayForOption())
    .action(async (logql: string, flags: QueryFlags) => {
      if (flags.tail || flags.follow) return tail(logql, flags);
      const { startNs, endNs } = rangeOf(flags, globals().timezone);
      const printer = new Printer(terminal, printOptions(!flags.labels));
      const range = { query: logql, startNs, endNs, limit: flags.limit, batch: Math.max(1, flags.batch), forward: flags.forward, stepSeconds: seconds(flags.step), intervalSeconds: seconds(flags.interval) };
      return runRangeQuery(connect(), terminal, printer, range, showOptions(flags));
    });

  const instant = program.command('instant-query').description('run a LogQL query at one point in time').argument('<logql>', `such as 'sum by (app) (rate({env="prod"}[5m]))'`);
  addEntryFlags(instant);
  instant.option('--now <time>', 'the point in time').action(async (logql: string, flags: QueryFlags) => {
    const now = surroundings.nowNs();
    const timeNs = flags.now === undefined ? now : parseTime(flags.now, globals().timezone, now);
    const printer = new Printer(terminal, printOptions(!flags.labels));
    return runInstantQuery(connect(), terminal, printer, { query: logql, timeNs, limit: flags.limit, forward: flags.forward }, showOptions(flags));
  });

  const tailCommand = program.command('tail').description('show entries as they arrive; survives restarts of the server without holes or doubles').argument('<logql>', `such as '{app="shop"}'`);
  addRangeFlags(tailCommand, false);
  addEntryFlags(tailCommand);
  tailCommand.addOption(delayForOption()).action(tail);

  const labels = program.command('labels').description('list the names of labels, or the values of one').argument('[name]', 'a label');
  addRangeFlags(labels);
  labels.action((name: string | undefined, flags: RangeFlags) => runLabels(connect(), terminal, name, rangeOf(flags, globals().timezone)));

  const series = program.command('series').description('list the streams that match').argument('<selector>', `such as '{app="shop"}', or '{}' for all`);
  addRangeFlags(series);
  series
    .option('--analyze-labels', 'a table of labels with the number of their values', false)
    .action((selector: string, flags: RangeFlags & { readonly analyzeLabels: boolean }) => runSeries(connect(), terminal, selector, rangeOf(flags, globals().timezone), flags.analyzeLabels));

  const trace = program.command('trace').description('show every entry of a trace or request, across all services').argument('<id>', 'a trace ID or request ID');
  addRangeFlags(trace);
  trace.option('--no-labels', 'leave labels out of -o jsonl').action((id: string, flags: RangeFlags & { readonly labels: boolean }) => {
    // Where no range is given the server looks as far back as it does by default.
    const given = flags.from !== undefined || flags.to !== undefined || flags.since !== undefined;
    const range = rangeOf(flags, globals().timezone);
    return runTrace(connect(), terminal, id, given ? { start: range.startNs, end: range.endNs } : {}, printOptions(!flags.labels));
  });

  const context = program.command('context').description('show the entries before and after one, in its stream').argument('<selector>', `of its stream, such as '{app="shop"}'`).argument('<time>', 'its time: nanoseconds, or RFC 3339 with all digits');
  context
    .option('--id <id>', 'its id, as answers in application/x-ndjson have it')
    .option('--line <text>', 'its line, where it shares its time with others')
    .option('-B, --before <entries>', 'entries before it', count, 10)
    .option('-A, --after <entries>', 'entries after it', count, 10)
    .option('--no-labels', 'do not print labels')
    .action((selector: string, time: string, flags: ContextFlags) => {
      const { output, timezone } = globals();
      const parameters = { query: selector, ts: parseTime(time, timezone, surroundings.nowNs()), id: flags.id, line: flags.line, before: flags.before, after: flags.after };
      return runContext(connect(), terminal, new Printer(terminal, printOptions(!flags.labels)), parameters, output === 'default');
    });

  const explain = program.command('explain').description('show the plan of a query and what it would read').argument('<logql>', `such as '{app="shop"} |= "error"'`);
  addRangeFlags(explain);
  explain
    .option('--limit <entries>', 'as of the query', count, 100)
    .option('--step <duration>', 'distance of the points of a metric query')
    .option('--instant', 'at the end of the range, as an instant query', false)
    .option('--forward', 'oldest first', false)
    .option('--analyze', 'run it, and show what it read and how long that took', false)
    .action((logql: string, flags: ExplainFlags) => {
      const { startNs, endNs } = rangeOf(flags, globals().timezone);
      const range = flags.instant ? { time: endNs } : { start: startNs, end: endNs, step: seconds(flags.step) };
      const parameters = { query: logql, ...range, limit: flags.limit, direction: flags.forward ? 'FORWARD' : 'BACKWARD', analyze: String(flags.analyze) };
      return runExplain(connect(), terminal, parameters, globals().output === 'jsonl');
    });
  const canary = program.command('canary').description('show whether every line of the agents\' canaries arrived, once, and how long that takes; exit code 2 where not');
  addRangeFlags(canary);
  canary
    .option('--url <address>', 'server address, the same as --addr')
    .option('--selector <selector>', 'streams of the canaries', '{job="spoor-canary"}')
    .option('--watch <duration>', 'how long to look for new lines, to see how long they take; 0s does not', '15s')
    .option('--grace <duration>', 'lines arrive within this; what is younger is not yet missing', '30s')
    .option('--nodes <count>', 'at least so many nodes have to be there', count, 1)
    .option('--json', 'as JSON', false)
    .action((flags: CanaryFlags) => {
      const { startNs, endNs } = rangeOf(flags, globals().timezone);
      const ms = (duration: string): number => Number(parseDuration(duration) / 1_000_000n);
      const query = {
        selector: flags.selector, startNs, endNs: flags.to === undefined ? undefined : endNs, watchMs: ms(flags.watch), pollMs: canaryPollMs, graceMs: ms(flags.grace), nodesExpected: flags.nodes,
        json: flags.json || globals().output === 'jsonl',
      };
      const options = connectionOptions({ ...globals(), ...(flags.url === undefined ? {} : { addr: flags.url }), quiet: true }, variables);
      return runCanary(new Client(options, (text) => terminal.note(text)), terminal, query, surroundings.nowNs, surroundings.untilInterrupted());
    });
  // It asks no server.
  const inspect = program.command('inspect').description('explain a file of the data directory or bucket, and check it').configureHelp({ showGlobalOptions: false });
  for (const kind of ['segment', 'index', 'journal'] as const) {
    const command = inspect.command(kind).configureHelp({ showGlobalOptions: false }).description(aboutFiles[kind]).argument('<file>', 'a file, which is only read');
    command.option('--json', 'as JSON', false).option('--all', 'leave nothing out', false);
    if (kind === 'segment') command.option('--verify', 'put every line together as well', false).addOption(new Option('--row-group <number>', 'only this row group, in detail').argParser(count));
    command.action(async (path: string, flags: InspectFlags) => {
      // What reads the formats is loaded only here.
      const { runInspect } = await import('./inspect/run.ts');
      return runInspect(terminal, kind, path, { json: flags.json, all: flags.all, verify: flags.verify === true, rowGroup: flags.rowGroup });
    });
  }
  return program;
}

const aboutFiles = {
  segment: 'tenants, row groups, templates and columns of a segment, and what takes its space',
  index: 'labels, streams and chunks of an index file',
  journal: 'records, positions and tenants of a journal file',
} as const;

function addRangeFlags(command: Command, withEnd = true): void {
  command.option('--since <duration>', `look back from now (default ${defaultSince})`).option('--from <time>', 'look from this time on (inclusive)');
  if (withEnd) command.option('--to <time>', 'look up to this time (exclusive)');
}

function addEntryFlags(command: Command): void {
  command
    .option('--limit <entries>', 'entries to print at most; 0 prints all', count, 30)
    .option('--forward', 'oldest first', false)
    .option('--no-labels', 'do not print labels')
    .addOption(new Option('--include-label <name>', 'print only this label; may be repeated').argParser(collect).default([], 'all'))
    .addOption(new Option('--exclude-label <name>', 'do not print this label; may be repeated').argParser(collect).default([], 'none'))
    .option('--include-common-labels', 'print labels that all entries share on each line too', false)
    .option('--labels-length <characters>', 'pad labels to this length', count, 0)
    .addOption(new Option('--colored-output', 'accepted for logcli; labels are coloured on a terminal anyway').hideHelp());
}

function delayForOption(): Option {
  return new Option('--delay-for <seconds>', 'let the server hold entries back this long to bring them in order (5 at most)').argParser(count).default(0);
}

function count(text: string): number {
  try {
    return countOf(text, 'value');
  } catch {
    throw new InvalidArgumentError('It must be a whole number.');
  }
}

function seconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : Number(parseDuration(duration)) / 1e9;
}
