/** Facilities by their numbers (RFC 5424, table 1), by the names that syslog.conf has. */
export const facilities = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
] as const;

/** Severities by their numbers (RFC 5424, table 2). */
export const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

/** The level of each severity, by the names that detected_level has. */
export const levels = ['fatal', 'critical', 'critical', 'error', 'warn', 'info', 'info', 'debug'] as const;

/** Facilities × severities. */
export const prioritiesEnd = facilities.length * severities.length;
