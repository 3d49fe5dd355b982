import type { Logger } from 'pino';
import { GrpcServer, type HttpParts } from '../http/mod.ts';
import { reasonOf } from '../model/mod.ts';
import { settingSpecs, type Settings } from './config/settings.ts';

/**
 * Opens the gRPC server where the settings want one. Its default address may be taken, by an OpenTelemetry Collector on the same machine or by another spoor: then the server
 * goes on without it and says so. An address that somebody chose must be free.
 */
export async function openGrpc(settings: Settings, parts: HttpParts, log: Logger): Promise<GrpcServer | null> {
  const listen = settings['grpc.listen'];
  if (listen === '') return null;
  const grpc = {
    addresses: listen.split(','),
    messageBytesMax: settings['grpc.message_bytes_max'],
    arrivingBytesMax: 2 * settings['server.push_bytes_max'],
    readTimeoutMs: settings['server.read_timeout'],
  };
  try {
    return await GrpcServer.listen(grpc, parts, log);
  } catch (error) {
    if (listen !== settingSpecs['grpc.listen'].default) throw error;
    log.warn({ reason: reasonOf(error) }, `no gRPC server: ${listen} (grpc.listen) cannot be had`);
    return null;
  }
}
