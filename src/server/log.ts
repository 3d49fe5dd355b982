import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

/** The process's logger: JSON lines on standard output, or readable lines on a terminal. */
export function openLog(level: string, format: string): Logger {
  const readable = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  if (!readable) return pino({ level });
  return pino({ level }, pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }));
}
