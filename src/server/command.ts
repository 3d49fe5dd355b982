import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { isSpoorError, reasonOf, SpoorError } from '../model/mod.ts';
import { environment } from './config/environment.ts';
import { readConfiguration, type Configuration } from './config/read.ts';
import type { SettingName } from './config/settings.ts';
import { parseFailpoint } from './failpoints.ts';
import { openLog } from './log.ts';
import { printConfiguration } from './print.ts';
import { startServer } from './process.ts';

interface Flags {
  readonly dataDir?: string;
  readonly listen?: string;
  readonly config?: string;
  readonly printConfig?: true;
}

/** `spoor serve`: runs until SIGTERM or SIGINT; gives the exit code. */
export async function serveCommand(argv: readonly string[]): Promise<number> {
  const command = new Command('spoor serve')
    .description('run a server: push, storage and queries in one process')
    .option('--data-dir <directory>', 'directory of the journal and of the objects')
    .option('--listen <address>', 'address and port, such as 127.0.0.1:3100')
    .option('--config <file>', 'configuration file (YAML); each setting can also be given as SPOOR_…')
    .option('--print-config', 'print the configuration in force and end')
    .parse(argv, { from: 'user' });
  const flags = command.opts<Flags>();
  let configuration: Configuration;
  try {
    configuration = await loadConfiguration(flags);
  } catch (error) {
    process.stderr.write(`spoor: ${reasonOf(error)}\n`);
    return 2;
  }
  if (flags.printConfig === true) {
    process.stdout.write(printConfiguration(configuration));
    return 0;
  }
  return run(configuration);
}

async function run(configuration: Configuration): Promise<number> {
  const log = openLog(configuration.settings['log.level'], configuration.settings['log.format']);
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  try {
    const server = await startServer(configuration, log, parseFailpoint(environment()['SPOOR_FAILPOINT'] ?? ''));
    await stopped;
    log.info('stopping');
    await server.stop();
    return 0;
  } catch (error) {
    if (isSpoorError(error)) log.fatal({ code: error.code }, error.message);
    else log.fatal({ err: error }, 'spoor cannot start');
    return 1;
  }
}

async function loadConfiguration(flags: Flags): Promise<Configuration> {
  const settings: Partial<Record<SettingName, string>> = {};
  if (flags.dataDir !== undefined) settings.data_dir = flags.dataDir;
  if (flags.listen !== undefined) settings.listen = flags.listen;
  const file = flags.config ?? environment()['SPOOR_CONFIG'];
  const sources = { environment: environment(), flags: settings };
  return readConfiguration(file === undefined ? sources : { ...sources, file: { name: file, text: await readConfigFile(file) } });
}

async function readConfigFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new SpoorError('bad_config', { where: file, reason: reasonOf(error) });
  }
}
