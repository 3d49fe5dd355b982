/**
 * One part of the demo in a process of its own: `node demo/part.ts serve|agent …`. It ends when the demo does, also when that was killed
 * and could not say so: the channel between the two breaks then.
 */
import { main } from '../cli/main.ts';

process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
process.exitCode = await main(process.argv.slice(2));
if (process.connected) process.disconnect();
