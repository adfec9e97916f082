// A server of OpenCode over HTTP, as its clients use it: one SQLite database, without a flush a commit. It adds some dozens of messages a second: it is
// given a part of the conversation and of the sessions, and what grows with them is told as many times over as are missing.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { folder, median, messages, modules, require, seconds, tell } from './figures.mjs';

const UNDER_WAY = 16;
const PART = 10;
const few = messages.slice(0, messages.length / PART);
const database = join(folder, 'data', 'opencode', 'opencode.db');
let server;
let address;

await start();
const first = await session();
await add(first, few[0]);
await stop();
const empty = size();

await start();
const long = await session();
tell('added', few.length / await seconds(async () => {
  for (const message of few)
    await add(long, message);
}));
tell('open', PART * await median(5, async () => require((await call('GET', `/session/${long}/message`)).length === few.length, 'not all messages were read')));
await stop();
tell('bytes', PART * (size() - empty));

await start();
tell('fork', await median(3, () => call('POST', `/session/${long}/fork`, {})));
const listed = await list(1000);
tell('list1000', listed);
tell('list10000', PART * listed);
await stop();

async function start() {
  const home = { HOME: folder, XDG_DATA_HOME: join(folder, 'data'), XDG_CONFIG_HOME: join(folder, 'config'), XDG_STATE_HOME: join(folder, 'state'), XDG_CACHE_HOME: join(folder, 'cache') };
  server = spawn(join(modules, 'opencode-linux-x64', 'bin', 'opencode'), ['serve', '--port', '0', '--pure'], { cwd: folder, env: { PATH: process.env.PATH, ...home }, stdio: ['ignore', 'pipe', 'inherit'] });
  address = await new Promise((resolve, reject) => {
    let said = '';
    server.stdout.on('data', data => {
      said += data;
      const found = /listening on (http:\S+)/.exec(said);
      if (found)
        resolve(found[1]);
    });
    server.on('exit', code => reject(new Error(`The server ended with ${code}: ${said}`)));
  });
}

async function stop() {
  const ended = new Promise(resolve => server.on('exit', resolve));
  server.kill();
  await ended;
}

async function call(method, path, body) {
  const answer = await fetch(address + path, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
  if (!answer.ok)
    throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return await answer.json();
}

async function session() {
  return (await call('POST', '/session', { title: 'A session' })).id;
}

// A message of the model's would need one: all are the user's.
function add(id, { text }) {
  return call('POST', `/session/${id}/message`, { noReply: true, agent: 'build', model: { providerID: 'opencode', modelID: 'any' }, parts: [{ type: 'text', text }] });
}

async function list(count) {
  for (let there = (await all()).length; there < count;) {
    const next = Math.min(UNDER_WAY, count - there);
    await Promise.all(Array.from({ length: next }, session));
    there += next;
  }

  return median(5, async () => require((await all()).length === count, 'not all sessions were listed'));
}

function all() {
  return call('GET', '/session?limit=100000');
}

function size() {
  const opened = new DatabaseSync(database);
  opened.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  opened.close();
  return ['', '-wal', '-shm'].map(end => database + end).filter(existsSync).reduce((sum, file) => sum + statSync(file).size, 0);
}
