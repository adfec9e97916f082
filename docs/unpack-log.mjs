// Unpacks a compressed log, as log-format.md describes it: node unpack-log.mjs ses_….jsonl.br > ses_….jsonl. Exit code 1 where something is damaged.
import { readFileSync, writeSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

const table = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1;
  return n;
});
const crcOf = bytes => ~bytes.reduce((sum, byte) => (sum >>> 8) ^ table[(sum ^ byte) & 255], -1) >>> 0;
const file = readFileSync(process.argv[2]);
const isMark = (at, mark) => at >= 0 && file.toString('latin1', at, at + 4) === mark;
const isChecked = (from, to) => crcOf(file.subarray(from, to)) === file.readUInt32LE(to);
const entry = (at, place) => ({
  place, offset: Number(file.readBigUInt64LE(at)), length: file.readUInt32LE(at + 8), packed: file.readUInt32LE(at + 12),
  total: Number(file.readBigUInt64LE(at + 16)), crc: file.readUInt32LE(at + 24),
});
const frames = [], end = file.length - 12;
const index = isMark(end, 'SkIx') ? end - 28 * file.readUInt32LE(end + 4) : -1;
if (index >= 0 && isChecked(index, end + 8)) {
  for (let at = index, place = 36; at < end; at += 28, place += frames.at(-1).packed + 36) frames.push(entry(at, place));
} else {
  for (let at = 0; at >= 0 && at + 36 <= file.length;) {
    const isFrame = isMark(at, 'SkFr') && isChecked(at, at + 32);
    if (isFrame) frames.push(entry(at + 4, at + 36));
    at = isFrame ? at + 36 + frames.at(-1).packed : file.indexOf('SkFr', at + 1);
  }
}
let damaged = frames.length === 0, written = 0;
const write = bytes => { for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at); written += bytes.length; };
const lose = length => { damaged = true; write(Buffer.alloc(length, 0).fill('\n', length - 1)); };
for (const { offset, length, place, packed, crc } of frames) {
  if (offset > written) lose(offset - written);
  const bytes = file.subarray(place, place + packed);
  if (bytes.length === packed && crcOf(bytes) === crc) write(brotliDecompressSync(bytes));
  else lose(length);
}
if (frames.length > 0 && frames[0].total > written) lose(frames[0].total - written);
process.exitCode = damaged ? 1 : 0;
