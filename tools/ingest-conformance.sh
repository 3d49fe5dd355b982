#!/usr/bin/env bash
# Replays what real clients send (../shared/ingest) and compares what is stored with what real Loki stored; see tools/ingest-conformance.ts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
exec node tools/ingest-conformance.ts "$@"
