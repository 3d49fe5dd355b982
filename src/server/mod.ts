export { serveCommand } from './command.ts';
export { readConfiguration, type Configuration, type ConfigurationSources } from './config/read.ts';
export { settingSpecs } from './config/settings.ts';
export { startServer, type RunningServer } from './process.ts';
