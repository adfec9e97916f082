#!/usr/bin/env bash
# Installs programs of others from npm, unless just these are there: those that tests run (tests/npm/package.json) into artifacts/npm,
# or with the argument bench/npm those that a benchmark runs into artifacts/npm-bench.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

wanted=${1:-tests/npm}/package.json
folder=artifacts/npm${1:+-bench}
if cmp -s "$wanted" "$folder/installed.json"; then
  exit 0
fi

mkdir -p "$folder"
cp "$wanted" "$folder/package.json"
echo "installing $(grep -c '": "[0-9]' "$wanted") packages of npm"
npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --prefer-offline --loglevel=error
cp "$wanted" "$folder/installed.json"
