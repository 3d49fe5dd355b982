export { startSyslog, type SyslogListeners, type SyslogSettings } from './listeners.ts';
export type { DropReason, PushTarget, SyslogLog, SyslogMetrics, Transport } from './ports.ts';
