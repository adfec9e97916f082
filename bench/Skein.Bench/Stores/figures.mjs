// What the drivers of other stores share: their arguments, a clock, and how the figures are told.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, folder, conversation] = process.argv.slice(2);

export { modules, folder };
export const messages = JSON.parse(readFileSync(conversation, 'utf8'));
export const added = messages.slice(0, 1000);
export const load = path => import(pathToFileURL(join(modules, path)).href);

export async function seconds(action) {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

export async function median(rounds, action) {
  const all = [];
  for (let round = 0; round < rounds; round++)
    all.push(await seconds(() => action(round)));
  return all.sort((x, y) => x - y)[Math.floor(rounds / 2)];
}

export function require(holds, what) {
  if (!holds)
    throw new Error(`The figure would be worth nothing: ${what}.`);
}

// Standard output is theirs too: a figure is a line of its own, told as soon as it is known.
export const tell = (name, value) => process.stdout.write(`\n${JSON.stringify({ name, value })}\n`);
