/**
 * Files without a test of their own name, by the test that covers them: what they do shows only together with others. The lists only ever get shorter;
 * test/tidy.test.ts holds that each entry is true (the file exists, has no test of its own, and the test reaches it).
 */
const byTest: Readonly<Record<string, readonly string[]>> = {
  'test/agent/agent.test.ts': [
    'agent/buffer/batch.ts', 'agent/buffer/batcher.ts', 'agent/buffer/queue.ts', 'agent/command.ts', 'agent/main.ts', 'agent/mod.ts', 'agent/parse/detect.ts',
  ],
  'test/agent/checkpoint/checkpoint.test.ts': ['agent/checkpoint/format.ts', 'agent/checkpoint/lock.ts', 'agent/checkpoint/store.ts'],
  'test/agent/config/load.test.ts': ['agent/config/environment.ts', 'agent/config/schema.ts'],
  'test/agent/discover/paths.test.ts': ['agent/discover/discovery.ts', 'agent/discover/members.ts'],
  'test/agent/enrich/kubernetes.test.ts': ['agent/enrich/app-name.ts', 'agent/enrich/kubernetes/access.ts', 'agent/enrich/kubernetes/pods.ts'],
  'test/agent/parse/cri.test.ts': ['agent/parse/record.ts', 'agent/parse/time.ts'],
  'test/agent/ship/ship.test.ts': ['agent/ship/answer.ts', 'agent/ship/backoff.ts', 'agent/ship/encode.ts', 'agent/ship/http.ts', 'agent/ship/shipper.ts'],
  'test/agent/status/status.test.ts': ['agent/status/agent-metrics.ts', 'agent/status/events.ts', 'agent/status/metrics.ts', 'agent/status/server.ts'],
  'test/agent/tail/chain.test.ts': ['agent/tail/chains.ts', 'agent/tail/file.ts', 'agent/tail/gzip.ts', 'agent/tail/identity.ts', 'agent/tail/tailer.ts'],
  'test/chunks/damage.test.ts': [
    'src/chunks/check.ts', 'src/chunks/encodings/constant.ts', 'src/chunks/encodings/delta.ts', 'src/chunks/encodings/frame.ts', 'src/chunks/format.ts',
    'src/chunks/limits.ts', 'src/chunks/metadata-builder.ts', 'src/chunks/page-source.ts', 'src/chunks/row-group-builder.ts', 'src/chunks/scratch.ts',
    'src/chunks/segment-reader.ts',
  ],
  'test/cli/client.test.ts': ['cli/answers.ts', 'cli/environment.ts', 'cli/failure.ts', 'cli/flags.ts', 'cli/labels.ts', 'cli/program.ts', 'cli/terminal.ts'],
  'test/demo/main.test.ts': ['demo/processes.ts', 'demo/requests.ts', 'demo/services.ts'],
  'test/distributor/batch-builder.test.ts': ['src/distributor/plan.ts', 'src/distributor/ports.ts', 'src/distributor/reasons.ts'],
  'test/e2e/crash.test.ts': [
    'src/http/app.ts', 'src/http/metrics.ts', 'src/http/request.ts', 'src/http/routes/labels.ts', 'src/http/routes/operations.ts', 'src/http/routes/page.ts',
    'src/http/routes/push.ts', 'src/http/routes/query.ts', 'src/http/routes/tail.ts', 'src/http/routes/traces.ts', 'src/querier/labels.ts', 'src/querier/matching.ts',
    'src/querier/querier.ts', 'src/querier/scan-session.ts', 'src/querier/segment-files.ts', 'src/querier/tail.ts', 'src/querier/traces.ts', 'src/server/command.ts',
    'src/server/config/environment.ts', 'src/server/failpoints.ts', 'src/server/limits-source.ts', 'src/server/lock.ts', 'src/server/log.ts', 'src/server/pools.ts',
    'src/server/process.ts', 'src/server/threads.ts', 'src/server/worker.ts',
  ],
  'test/index/blocks.test.ts': [
    'src/index/cache.ts', 'src/index/directory.ts', 'src/index/format.ts', 'src/index/pairs.ts', 'src/index/postings.ts', 'src/index/shared-loads.ts',
    'src/index/streams.ts',
  ],
  'test/index/catalogue.test.ts': ['src/index/file.ts', 'src/index/reader.ts', 'src/index/select.ts', 'src/index/writer.ts'],
  'test/ingester/ingester.test.ts': [
    'src/ingester/flush.ts', 'src/ingester/head/block.ts', 'src/ingester/head/generation.ts', 'src/ingester/head/order.ts', 'src/ingester/head/pool.ts',
    'src/ingester/head/rows.ts', 'src/ingester/keys.ts', 'src/ingester/partition.ts', 'src/ingester/ports.ts', 'src/ingester/seal.ts',
  ],
  'test/logql/engine/encode.test.ts': ['src/logql/engine/json.ts', 'src/logql/engine/labels.ts', 'src/logql/engine/stats.ts', 'src/logql/engine/streams.ts'],
  'test/logql/engine/engine.test.ts': [
    'src/logql/engine/aggregate.ts', 'src/logql/engine/binary.ts', 'src/logql/engine/evaluate.ts', 'src/logql/engine/label-replace.ts', 'src/logql/engine/rows.ts',
  ],
  'test/logql/functions/aggregators.test.ts': [
    'src/logql/functions/average.ts', 'src/logql/functions/cells.ts', 'src/logql/functions/count.ts', 'src/logql/functions/create.ts', 'src/logql/functions/edges.ts',
    'src/logql/functions/extremes.ts', 'src/logql/functions/finish.ts', 'src/logql/functions/limits.ts', 'src/logql/functions/merge.ts',
    'src/logql/functions/operators.ts', 'src/logql/functions/quantile.ts', 'src/logql/functions/rate-counter.ts', 'src/logql/functions/state.ts',
    'src/logql/functions/sum.ts', 'src/logql/functions/variance.ts', 'src/logql/functions/windows.ts',
  ],
  'test/logql/plan/planner.test.ts': ['src/logql/plan/required-labels.ts', 'src/logql/plan/series-limit.ts'],
  'test/logql/regex/captures.test.ts': [
    'src/logql/regex/ast.ts', 'src/logql/regex/class-syntax.ts', 'src/logql/regex/factor.ts', 'src/logql/regex/nodes.ts', 'src/logql/regex/program.ts',
    'src/logql/regex/ranges.ts',
  ],
  'test/logql/regex/matcher.test.ts': ['src/logql/regex/dfa.ts'],
  'test/logql/scan/log-scanner.test.ts': ['src/logql/scan/candidates.ts', 'src/logql/scan/create.ts', 'src/logql/scan/merge.ts', 'src/logql/scan/stats.ts'],
  'test/logql/scan/select.test.ts': ['src/logql/scan/block-lines.ts'],
  'test/logql/stages/line-filter.test.ts': ['src/logql/stages/ip.ts', 'src/logql/stages/line-pattern.ts'],
  'test/logql/stages/line-format.test.ts': ['src/logql/stages/template-labels.ts'],
  'test/logql/template/compile.test.ts': ['src/logql/template/ast.ts', 'src/logql/template/frame.ts', 'src/logql/template/time-methods.ts', 'src/logql/template/values.ts'],
  'test/logql/template/functions/all.test.ts': [
    'src/logql/template/functions/builtins.ts', 'src/logql/template/functions/dates.ts', 'src/logql/template/functions/regex.ts', 'src/logql/template/functions/spec.ts',
  ],
  'test/logql/template/functions/numbers.test.ts': ['src/logql/template/decimal.ts'],
  'test/logql/template/parse.test.ts': ['src/logql/template/lexer.ts', 'src/logql/template/unquote.ts'],
  'test/logql/template/time.test.ts': ['src/logql/template/parse-time.ts', 'src/logql/template/zones.ts'],
  'test/logql/stages/decolorize.test.ts': [
    'src/logql/stages/compile.ts', 'src/logql/stages/json-escapes.ts', 'src/logql/stages/json-exact.ts', 'src/logql/stages/json-extract.ts',
    'src/logql/stages/json-keys.ts', 'src/logql/stages/json-scan.ts', 'src/logql/stages/key-table.ts',
    'src/logql/stages/label-slot.ts', 'src/logql/stages/label-tables.ts',
    'src/logql/stages/logfmt-extract.ts', 'src/logql/stages/logfmt-scan.ts',
    'src/logql/stages/metadata-names.ts', 'src/logql/stages/stage.ts',
  ],
  'test/logql/stages/json-path.test.ts': ['src/logql/stages/extraction-error.ts'],
  'test/logql/syntax/parse.test.ts': [
    'src/logql/syntax/build.ts', 'src/logql/syntax/checks.ts', 'src/logql/syntax/errors.ts', 'src/logql/syntax/format.ts', 'src/logql/syntax/grammar.ts',
    'src/logql/syntax/lexer.ts', 'src/logql/syntax/limits.ts', 'src/logql/syntax/literals.ts', 'src/logql/syntax/numbers.ts', 'src/logql/syntax/precedence.ts',
    'src/logql/syntax/pretty.ts', 'src/logql/syntax/regexp.ts', 'src/logql/syntax/tokens.ts', 'src/logql/syntax/visit.ts',
  ],
  'test/objects/directory.test.ts': [
    'src/objects/counts.ts', 'src/objects/directory-tree.ts', 'src/objects/keys.ts', 'src/objects/s3-requests.ts', 'src/objects/s3-upload.ts',
  ],
  'test/protocols/batch.test.ts': ['src/protocols/limits.ts'],
  'test/protocols/loki/decode.test.ts': ['src/protocols/loki/content.ts', 'src/protocols/loki/json-labels.ts', 'src/protocols/loki/json-reader.ts'],
  'test/server/config/read.test.ts': ['src/server/config/settings.ts', 'src/server/config/values.ts', 'src/server/print.ts'],
};

/** Path of a file → path of the test that covers it. */
export const covered: ReadonlyMap<string, string> = new Map(Object.entries(byTest).flatMap(([by, paths]) => paths.map((path): [string, string] => [path, by])));
