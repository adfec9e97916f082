// The session manager of nanocoder: a JSON file a session, written anew at each save, and an index of all. It has no forks and no flush.
import { rmSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { added, folder, load, median, messages, require, seconds, tell } from './figures.mjs';

const { SessionManager } = await load('@nanocollective/nanocoder/dist/session/session-manager.js');
const now = new Date().toISOString();
const session = all => ({
  id: randomUUID(), title: 'A session', createdAt: now, lastAccessedAt: now, messageCount: all.length,
  provider: 'scripted', model: 'geese', workingDirectory: folder, messages: all.map(({ role, text }) => ({ role, content: text })),
});

const store = new SessionManager(join(folder, 'sessions'));
await store.initialize();
const growing = session([]);
tell('added', added.length / await seconds(async () => {
  for (const { role, text } of added) {
    growing.messages.push({ role, content: text });
    growing.messageCount++;
    await store.saveSession(growing);
  }
}));

const long = session(messages);
await store.saveSession(long);
tell('open', await median(5, async () => require((await store.readSession(long.id)).messages.length === messages.length, 'not all messages were read')));
tell('bytes', statSync(join(folder, 'sessions', `${long.id}.json`)).size);

// Saved one by one each would write the index of all anew; without an index it is made from the files.
const many = new SessionManager(join(folder, 'many'));
await many.initialize();
const small = session(messages.slice(0, 2));
await many.saveSession(small);
tell('list1000', await list(1000));
tell('list10000', await list(10_000));
tell('fork', null);

async function list(count) {
  for (let made = (await many.listSessions()).length; made < count; made++)
    await copyFile(join(folder, 'many', `${small.id}.json`), join(folder, 'many', `${randomUUID()}.json`));
  rmSync(join(folder, 'many', 'sessions.json'));
  return median(5, async () => require((await many.listSessions({ workingDirectory: folder })).length === count, 'not all sessions were listed'));
}
