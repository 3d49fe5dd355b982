import type { IngestProtocol } from '../../distributor/mod.ts';

/** A way in over gRPC: one unary method, whose messages stay bytes. */
export interface GrpcService {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly protocol: IngestProtocol;
  /** Gives the answer's bytes. `orgId` is the metadata x-scope-orgid. Throws SpoorError, or RefusedCall where it knows when to come back. */
  handle(orgId: string | undefined, message: Buffer): Promise<Buffer>;
}
