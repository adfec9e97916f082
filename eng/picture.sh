#!/usr/bin/env bash
# Makes docs/picture.svg: the REPL at work in a terminal of tmux, keys typed, screens taken as they come. Only the model is scripted.
# Usage: eng/picture.sh [PROGRAM]   (without it: publishes to artifacts/skein first). Needs tmux, git and python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program=${1:-artifacts/skein/skein}
[[ $# -gt 0 ]] || dotnet publish src/Skein.Cli -c Release -p:PublishAot=true -o artifacts/skein -v quiet -nologo >&2
program=$(realpath "$program")
eng=$PWD/eng
picture=$PWD/docs/picture.svg

work=$(mktemp -d)
socket=$work/tmux
trap 'tmux -S "$socket" kill-server 2>/dev/null || true; env SKEIN_HOME="$work/home" "$program" stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/geese" "$work/shots"
ln -s "$program" "$work/bin/skein"

cat >"$work/geese/flock.py" <<'PY'
def average(weights):
    return sum(weights) / len(weights) - 1


assert average([3, 4, 5]) == 4, average([3, 4, 5])
PY
mkdir -p "$work/.config/skein"
echo '{"model":"scripted/geese","providers":{"geese":{"kind":"scripted","script":"'"$work/bin/model.json"'"}}}' >"$work/.config/skein/skein.json"
cat >"$work/bin/model.json" <<'JSON'
{"steps":[
  {"parts":[{"type":"text","text":"I run the check first, to see what it says.","chunk":4,"delay_ms":35},{"type":"call","tool":"bash","arguments":{"command":"python3 flock.py"}}]},
  {"parts":[{"type":"text","text":"The average is **one too low**: something is taken off at the end.","chunk":4,"delay_ms":35},
            {"type":"call","tool":"edit","arguments":{"path":"flock.py","old_string":"len(weights) - 1","new_string":"len(weights)"}}]},
  {"parts":[{"type":"call","tool":"bash","arguments":{"command":"python3 flock.py && echo all geese weighed"}}]},
  {"parts":[{"type":"text","text":"Fixed. `average` divided rightly and then took one away:\n\n```python\ndef average(weights):\n    return sum(weights) / len(weights)\n```\n\nThe check passes.","chunk":4,"delay_ms":35}]}]}
JSON

tmux -S "$socket" -f /dev/null new-session -d -x 92 -y 30 -c "$work/geese" \
  "env -i PATH='$work/bin:$PATH' HOME='$work' SKEIN_HOME='$work/home' TERM=screen-256color LANG=C.UTF-8 PS1='~/geese \$ ' sh"
tmux -S "$socket" set-option -g status off

# A shot every 150 ms; the picture keeps those that differ, with the time that each was to be seen.
(while tmux -S "$socket" capture-pane -e -p >"$work/shots/next" 2>/dev/null; do
  mv "$work/shots/next" "$work/shots/$(date +%s%3N).txt"
  sleep 0.15
done) &

keys() { tmux -S "$socket" send-keys "$@"; }
type() { local i; for ((i = 0; i < ${#1}; i++)); do keys -l -- "${1:i:1}"; sleep 0.03; done; }
sees() {
  for _ in $(seq 200); do
    tmux -S "$socket" capture-pane -p | grep -qF -- "$1" && return
    sleep 0.1
  done
  echo "picture: '$1' never came to be seen:" >&2
  tmux -S "$socket" capture-pane -p >&2
  exit 1
}

sees '~/geese $'
type 'skein'
keys Enter
sees 'new session'
sleep 0.6
type 'The check in flock.py fails. Can you mend it?'
sleep 0.4
keys Enter
sees 'y once'
sleep 1.2
keys y
sees '+    return'
sleep 1.6
keys y
sees 'y once · a always (python3'
sleep 1
keys a
sees 'The check passes.'
sleep 1
keys C-d
sees 'go on with'
sleep 0.5

sed -i "s|$work|/home/ada|g" "$work"/shots/*.txt
python3 "$eng/screens_to_svg.py" "$work/shots" >"$picture"
echo "wrote $picture ($(stat -c %s "$picture") bytes)" >&2
