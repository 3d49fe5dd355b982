/** What one push may hold, whatever its tenant: these bound the memory of decoding. The configuration knows them as `push.*`. */
export interface PushBodyLimits {
  /** Bytes of the body as it arrives (`push.body_bytes_max`). */
  readonly bodyBytesMax: number;
  /** Bytes of the body after decompression (`push.raw_bytes_max`). */
  readonly rawBytesMax: number;
  /** Entries of a push (`push.entries_max`). */
  readonly entriesMax: number;
  /** Pairs of structured metadata of a push (`push.metadata_pairs_max`). */
  readonly metadataPairsMax: number;
  /** Pairs of structured metadata of one entry, whatever its tenant allows (`push.entry_pairs_max`). */
  readonly entryPairsMax: number;
  /** Streams of a push, before equal label sets are merged (`push.streams_max`). */
  readonly streamsMax: number;
  /** Label pairs of a push (`push.label_pairs_max`). */
  readonly labelPairsMax: number;
  /** Bytes of the labels of one stream as they are written (`push.labels_bytes_max`). */
  readonly labelsBytesMax: number;
  /** Nesting of a JSON body, also in places that are not read (`push.json_depth_max`). */
  readonly jsonDepthMax: number;
}

/** The defaults. */
export const defaultPushBodyLimits: PushBodyLimits = {
  bodyBytesMax: 100 * 2 ** 20,
  rawBytesMax: 128 * 2 ** 20,
  entriesMax: 2_000_000,
  metadataPairsMax: 8_000_000,
  entryPairsMax: 65_536,
  streamsMax: 100_000,
  labelPairsMax: 2_000_000,
  labelsBytesMax: 2 ** 20,
  jsonDepthMax: 256,
};
