// The session manager of pi-coding-agent, as its package exports it: a file of JSON lines a session, appended to without a flush.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { added, folder, load, median, messages, require, seconds, tell } from './figures.mjs';

const { SessionManager } = await load('@earendil-works/pi-coding-agent/dist/index.js');

const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, totalTokens: 2, cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 } };
const add = (session, { role, text }) => session.appendMessage(role === 'user'
  ? { role, content: [{ type: 'text', text }], timestamp: Date.now() }
  : { role, content: [{ type: 'text', text }], api: 'any', provider: 'scripted', model: 'geese', usage, stopReason: 'stop', timestamp: Date.now() });

function make(name, all) {
  const session = SessionManager.create(folder, within(name));
  for (const message of all)
    add(session, message);
  return session;
}

function within(name) {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}

const growing = SessionManager.create(folder, within('growing'));
tell('added', added.length / await seconds(() => added.forEach(message => add(growing, message))));

const long = make('long', messages).getSessionFile();
tell('open', await median(5, () => {
  const context = SessionManager.open(long, within('long')).buildSessionContext();
  require(context.messages.length === messages.length, 'not all messages were read');
}));
tell('bytes', statSync(long).size);

for (let made = 0; made < 10_000; made++) {
  if (made === 1000)
    tell('list1000', await list(1000));
  make('many', messages.slice(0, 2));
}
tell('list10000', await list(10_000));
tell('fork', await median(5, round => SessionManager.forkFrom(growing.getSessionFile(), folder, within(`fork-${round}`))));

function list(expected) {
  return median(3, async () => require((await SessionManager.list(folder, within('many'))).length === expected, 'not all sessions were listed'));
}
