#!/usr/bin/env bash
# Writes docs/cli.md from the published program: what each command says of itself, and what it shows in a made-up home.
# Usage: eng/cli-docs.sh [PROGRAM]   (without it: publishes to artifacts/skein first)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program=${1:-artifacts/skein/skein}
[[ $# -gt 0 ]] || dotnet publish src/Skein.Cli -c Release -p:PublishAot=true -o artifacts/skein -v quiet -nologo >&2
program=$(realpath "$program")
page=$PWD/docs/cli.md

work=$(mktemp -d)
export HOME=$work SKEIN_HOME=$work/.skein NO_COLOR=1 TERM=dumb
unset SKEIN_CONFIG SKEIN_TOKEN XDG_CONFIG_HOME ANTHROPIC_API_KEY ANTHROPIC_BASE_URL OPENAI_API_KEY OPENAI_BASE_URL OLLAMA_HOST
trap '"$program" stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
mkdir "$work/geese"
cd "$work/geese"
skein() { "$program" "$@"; }

cat >"$work/model.json" <<'JSON'
{"steps":[
  {"parts":[{"type":"text","text":"I look at the pond."},{"type":"call","tool":"bash","arguments":{"command":"seq 1 40"}}]},
  {"parts":[{"type":"text","text":"There are forty geese."}]},
  {"parts":[{"type":"text","text":"And two swans."}]}]}
JSON

# What differs from run to run is made the same, so that the page changes only where the program does.
clean() {
  sed -E -e "s|$work|/home/ada|g" -e 's/ses_01[0-9a-z]{24}/ses_01m7yxwzjr3eqrzw7fz5gdtdsx/g' -e 's/^([0-9]+  )[0-9a-z]{6}(  )/\13eqrzw\2/' \
    -e 's/(skein run -s )[0-9a-z]{6}/\13eqrzw/' -e 's/([0-9]+ min )?[0-9.]+ m?s( ·|$)/20 ms\2/' -e 's/pid [0-9]+/pid 4711/' -e 's/ *$//'
}
help() { echo '```text'; skein "$@" --help | clean | sed -e '/./,$!d' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; echo '```'; echo; }
screen() {
  local shown=$1
  echo '```console'
  clean <<<"$ $shown"
  (eval "$shown" 2>&1 || echo "(exit code $?)") | clean
  echo '```'
  echo
}

# In this order, since each screen finds what the ones before made; what follows a server in the foreground or a terminal has no screen.
screens() {
  case $1 in
    run) screen "skein run --model scripted/$work/model.json --mode auto 'Count the geese.'" ;;
    ls) screen 'skein ls' ;;
    show) screen 'skein show --turn 1' ;;
    rename) screen 'skein rename last The goose count' ;;
    fork) screen 'skein fork last --message 1 --title "Another way"' ;;
    rewind) screen 'skein rewind last 1' ;;
    unrewind) screen 'skein unrewind last' ;;
    export) screen 'skein export last --output geese.skein; ls' ;;
    import) screen 'skein import geese.skein' ;;
    archive) screen 'skein archive 1' ;;
    trash) screen 'skein trash last' ;;
    status) screen 'skein status' ;;
    trust) screen 'skein trust' ;;
    models) screen 'skein models --offline' ;;
    agents) screen 'skein agents' ;;
    'auth set') screen 'echo sk-example | skein auth set openai' ;;
    'auth list') screen 'skein auth list' ;;
    'auth remove') screen 'skein auth remove openai' ;;
    'config set') screen 'skein config set mode edits' ;;
    'config get') screen 'skein config get mode' ;;
    'config list') screen 'skein config list' ;;
    doctor) screen 'skein doctor' ;;
    du) screen 'skein du' ;;
    stop) screen 'skein stop' ;;
    completion) screen 'skein completion bash | head -3' ;;
  esac
}

# The commands as the program lists them: the lines below "Commands:", which begin with two spaces and a name.
commands() { skein "$@" --help | sed -n '/^Commands:/,/^$/p' | sed -nE 's/^  ([a-z]+).*/\1/p'; }

describe() {
  printf '%s `skein %s`\n\n' "$([[ $# -gt 1 ]] && echo '###' || echo '##')" "$*"
  help "$@"
  screens "$*"
  local below
  for below in $( [[ $# -eq 1 ]] && commands "$1" || true); do
    describe "$1" "$below"
  done
}

{
  cat <<'MD'
# The command line

Made by `eng/cli-docs.sh` from the program itself: what each command says of itself, and what it shows. A session is named by its id, the start of
one, its number in `skein ls`, `last`, or what its driven agent calls it. What goes to a file or a pipe is plain; `--json`, where there is one, is for programs. `NO_COLOR` in the
environment and `--no-color` take the colours away.

## Exit codes

| code | |
|---|---|
| 0 | It went well. |
| 1 | The turn or the command failed, `doctor` found something wrong, `config get` found nothing. |
| 2 | Bad usage: the line on standard error names the value and the rule. |
| 130 | Interrupted. |

MD
  printf '## Overview\n\n'
  help
  for name in $(commands); do
    describe "$name"
  done
} >"$work/cli.md"
sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$work/cli.md" >"$page"
