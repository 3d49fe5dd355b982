#!/usr/bin/env bash
# Replays the recorded answers of real Loki (../shared/conformance) and holds the floor of test/conformance/floor.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec npm run --silent conformance
