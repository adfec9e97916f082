#!/usr/bin/env python3
"""Verifies a session's log and prints its messages: python3 read-log.py ses_….jsonl (the format: log-format.md)."""
import json, pathlib, re, sys

CRC = [0] * 256
for n in range(256):
    c = n
    for _ in range(8):
        c = c >> 1 ^ (0x82F63B78 if c & 1 else 0)
    CRC[n] = c

def sealed(line):
    c = 0xFFFFFFFF
    for byte in line[:-18]:
        c = c >> 8 ^ CRC[(c ^ byte) & 0xFF]
    return line[-18:] == b',"crc":"%08x"}' % (c ^ 0xFFFFFFFF)

def read(path):
    """Yields (seq, event) for what is whole, (None, (from, to, first byte, bytes)) for what is damaged, and ('torn', (first byte, bytes))."""
    data = path.read_bytes()
    lines, at, last, held, bad = data.split(b"\n"), 0, None, [], []
    for line in lines[:-1]:
        event = json.loads(line) if sealed(line) else None
        if event and (last is None or event["seq"] > last):
            if event.get("v", 1) != 1 or event.get("session", path.stem) != path.stem:
                sys.exit(f"{path}: another version, or another session's")
            if bad or (last is not None and event["seq"] != last + 1):
                first = max(0, event["seq"] - 1 - len(bad)) if last is None else last
                held.append((None, (first + 1, event["seq"] - 1, bad[0][0] if bad else at, sum(b[1] for b in bad))))
            held.append((event["seq"], event))
            last, bad = event["seq"], []
            if not event.get("more"):
                yield from held
                held = []
        else:
            bad.append((at, len(line) + 1))
        at += len(line) + 1
    yield from held if bad else [h for h in held if h[0] is None]
    if bad:
        text = data[bad[0][0]:at]
        lost = max(len(bad), len(re.findall(rb'"seq":\d+,"at":"', text)))
        most = len(text) // 64 + 1
        lost = most if sum(b < 32 and b != 10 for b in text) >= 16 else min(lost, max(most, 1))
        yield None, ((last or 0) + 1, (last or 0) + lost, bad[0][0], len(text))
    torn = (len(data) - at) + (0 if bad else sum(len(json.dumps(h[1])) for h in []))
    if torn:
        yield "torn", (at, torn)
