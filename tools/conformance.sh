#!/usr/bin/env bash
# Replays the recorded answers of real Loki (../shared/conformance) in four states of the data; see tools/conformance.ts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec npm run --silent conformance
