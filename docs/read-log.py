#!/usr/bin/env python3
"""Verifies and prints a session, as log-format.md describes it: read-log.py ses_….jsonl. Exit code 1 where something is damaged."""
import json, pathlib, re, sys

TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)
def open_line(line):
    crc = 0xFFFFFFFF
    for byte in line[:-18]:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return json.loads(line) if line[-18:] == b',"crc":"%08x"}' % (crc ^ 0xFFFFFFFF) else None
path = pathlib.Path(sys.argv[1])
data = path.read_bytes()
end = data.rfind(b"\n") + 1
lines = [(m.start(), m[0], open_line(m[0][:-1])) for m in re.finditer(rb"[^\n]*\n", data[:end])]
while lines and lines[-1][2] and lines[-1][2].get("more"):
    end = lines.pop()[0]
last, bad, damaged = None, [], 0
for at, line, event in lines + [(end, b"", None)]:
    own = event and (event.get("v", 1), event.get("session", path.stem)) == (1, path.stem)
    if event and not own and at == 0: sys.exit(f"{path}: of another version, or of another session")
    if line and not (own and (last or 0) < event["seq"] < 2**53):
        bad.append((at, line))
        continue
    text = b"".join(line for _, line in bad)
    most = len(text) // 64 + 1
    lost = most if sum(b < 32 and b != 10 for b in text) >= 16 else max(len(bad), min(len(re.findall(rb'"seq":\d+,"at":"', text)), most))
    before = last if last is not None else max(0, event["seq"] - 1 - len(bad)) if event else 0
    to = event["seq"] - 1 if event else before + (lost if bad else 0)
    if bad or to > before:
        print(f"DAMAGED {before + 1}…{to}: {len(text)} bytes from byte {bad[0][0] if bad else at}")
        last, bad, damaged = to, [], 1
    if event:
        print(event["seq"], event["at"], event["type"], json.dumps(event["data"], ensure_ascii=False))
        last = event["seq"]
print(*[f"TORN {len(data) - end} bytes from byte {end}"] if end < len(data) else [f"{last} events"])
sys.exit(damaged)
