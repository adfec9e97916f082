#!/usr/bin/env bash
# Installs the programs of others that tests run (tests/npm/package.json) into artifacts/npm, unless just these are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

wanted=tests/npm/package.json
folder=artifacts/npm
if cmp -s "$wanted" "$folder/installed.json"; then
  exit 0
fi

mkdir -p "$folder"
cp "$wanted" "$folder/package.json"
echo "installing $(grep -c '": "[0-9]' "$wanted") packages of npm"
npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --prefer-offline --loglevel=error
cp "$wanted" "$folder/installed.json"
