// An agent that speaks the Agent Client Protocol over standard input and output, and does what its prompts say. For tests.
const fs = require('fs');
const path = require('path');
const [folder, how] = process.argv.slice(2);
if (how === 'broken') {
  console.error('The geese are out.');
  process.exit(3);
}
fs.appendFileSync(path.join(folder, 'starts'), process.pid + '\n');
const file = id => path.join(folder, id + '.json');
const read = id => JSON.parse(fs.readFileSync(file(id)));
const write = (id, s) => fs.writeFileSync(file(id), JSON.stringify(s));
const send = m => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...m }) + '\n');
const update = (sessionId, u) => send({ method: 'session/update', params: { sessionId, update: u } });
const say = (id, text, kind = 'agent_message_chunk') => update(id, { sessionUpdate: kind, content: { type: 'text', text } });
const waiting = new Map();
let asked = 0;
let running = null;
const ask = (sessionId, toolCall, options) => new Promise(done => {
  const id = asked++;
  waiting.set(id, done);
  send({ id, method: 'session/request_permission', params: { sessionId, toolCall, options } });
});
const options = [
  { optionId: 'o', name: 'Allow', kind: 'allow_once' },
  { optionId: 'a', name: 'Allow always', kind: 'allow_always' },
  { optionId: 'n', name: 'No', kind: 'reject_once' },
];
const modes = { availableModes: ['yolo', 'default', 'plan'].map(id => ({ id, name: id })), currentModeId: how === 'asking' ? 'default' : 'yolo' };
const models = s => ({ availableModels: [{ modelId: 'grey', name: 'Grey' }, { modelId: 'wild/snow', name: 'Snow' }], currentModelId: s.model });

const commands = {
  echo: async (id, s, rest) => { say(id, 'You said: '); say(id, rest); },
  think: async (id, s, rest) => { say(id, rest, 'agent_thought_chunk'); say(id, 'Thought.'); },
  state: async (id, s) => say(id, JSON.stringify({ model: s.model, mode: s.mode, prompts: s.prompts.length, pid: process.pid })),
  env: async id => say(id, JSON.stringify(process.env)),
  write: async (id, s, name) => {
    const where = path.join(s.cwd, name);
    const call = { toolCallId: 'w' + asked, title: 'Write ' + name, kind: 'edit', rawInput: { path: where },
      content: [{ type: 'diff', path: where, oldText: null, newText: 'geese\n' }], locations: [{ path: where }] };
    update(id, { sessionUpdate: 'tool_call', status: 'pending', ...call });
    const outcome = await ask(id, { status: 'pending', ...call }, options);
    const allowed = ['o', 'a'].includes(outcome.optionId);
    if (allowed) fs.writeFileSync(where, 'geese\n');
    update(id, { sessionUpdate: 'tool_call_update', toolCallId: call.toolCallId, status: allowed ? 'completed' : 'failed',
      ...(allowed ? {} : { content: [{ type: 'content', content: { type: 'text', text: 'refused: ' + (outcome.optionId ?? outcome.outcome) } }] }) });
    say(id, `${allowed ? 'Written' : 'Not written'}, as ${outcome.optionId ?? 'nobody'} says.`);
  },
  sleep: async id => {
    say(id, 'Sleeping');
    require('child_process').spawn('sleep', ['600'], { stdio: 'ignore' });
    await new Promise(done => { running.cancel = done; });
  },
  // A call that lasts until there is a file 'go'; then nothing more is heard.
  work: async id => {
    update(id, { sessionUpdate: 'tool_call', toolCallId: 't', status: 'in_progress', title: 'work', kind: 'execute', rawInput: {} });
    while (!fs.existsSync(path.join(folder, 'go'))) await new Promise(done => setTimeout(done, 20));
    update(id, { sessionUpdate: 'tool_call_update', toolCallId: 't', status: 'completed', rawOutput: 'worked' });
    await new Promise(() => {});
  },
  // A step each time there is another file 'go', 'go2' …
  steps: async (id, s, n) => {
    for (let i = 1; i <= Number(n); i++) {
      while (!fs.existsSync(path.join(folder, 'go' + i))) await new Promise(done => setTimeout(done, 20));
      update(id, { sessionUpdate: 'plan', entries: [{ content: 'Step ' + i, priority: 'high', status: 'pending' }] });
    }
  },
  // It stops in its tracks once the turn is over, and reads no more.
  freeze: async () => { setImmediate(() => process.kill(process.pid, 'SIGSTOP')); },
  stubborn: async id => { process.on('SIGINT', () => {}); say(id, 'No.'); await new Promise(() => {}); },
  compact: async (id, s, rest) => { s.prompts = ['summary ' + rest]; write(id, s); },
  big: async (id, s, n) => {
    update(id, { sessionUpdate: 'tool_call', toolCallId: 'b', status: 'in_progress', title: 'big', kind: 'read', rawInput: {} });
    update(id, { sessionUpdate: 'tool_call_update', toolCallId: 'b', status: 'completed', rawOutput: 'g'.repeat(Number(n)) });
    say(id, 'Read.');
  },
  plan: async id => {
    update(id, { sessionUpdate: 'plan', entries: [{ content: 'Fly south', priority: 'high', status: 'pending' }] });
    say(id, 'Planned.');
  },
  die: async id => { say(id, 'Half a sen'); console.error('Out of memory.'); process.stdout.write('', () => process.kill(process.pid, 'SIGKILL')); await new Promise(() => {}); },
  exit: async () => process.exit(7),
  garbage: async id => { say(id, 'Before.'); process.stdout.write('Segmentation fault, sort of\n'); await new Promise(() => {}); },
  // These go on living, each with one pipe less.
  hangup: async id => { say(id, 'Bye.'); setInterval(() => {}, 60000); process.stdout.write('', () => fs.closeSync(1)); await new Promise(() => {}); },
  deaf: async id => { setInterval(() => {}, 60000); fs.closeSync(0); say(id, 'What?'); },
  endless: async () => { const x = 'x'.repeat(1 << 20); for (let i = 0; i < 40; i++) process.stdout.write(x); await new Promise(() => {}); },
  fail: async (id, s, rest) => { throw { code: -32603, message: 'Internal error', data: { details: rest } }; },
};

const offer = id => how === 'silent' || setImmediate(() => update(id, { sessionUpdate: 'available_commands_update', availableCommands: [{ name: 'fly' }, ...(how === 'compacting' ? [{ name: 'compact' }] : [])] }));

const serve = {
  initialize: () => ({ protocolVersion: 1, agentInfo: { name: 'stand-in', title: 'Stand-in', version: '1' },
    agentCapabilities: { loadSession: how !== 'forgetful', sessionCapabilities: { list: {}, ...(how === 'forking' ? { fork: {} } : {}) } }, authMethods: [{ id: 'pond', description: 'Log in at the pond' }] }),
  'session/new': ({ cwd }) => {
    const id = 'own-' + Math.random().toString(36).slice(2);
    const s = { cwd, model: 'grey', mode: modes.currentModeId, prompts: [] };
    write(id, s);
    if (how === 'early') say(id, 'Good morning.');
    offer(id);
    return { sessionId: id, modes, models: models(s) };
  },
  'session/list': ({ cwd }) => ({ sessions: fs.readdirSync(folder).filter(f => f.endsWith('.json')).map(f => [f.slice(0, -5), read(f.slice(0, -5))])
    .filter(([, s]) => s.cwd === cwd).map(([sessionId, s]) => ({ sessionId, cwd: s.cwd, title: s.prompts[0], updatedAt: '2026-11-21T01:02:03Z' })) }),
  'session/fork': ({ sessionId }) => {
    if (how !== 'forking') throw { code: -32601, message: 'There is no session/fork' };
    if (!fs.existsSync(file(sessionId))) throw { code: -32002, message: 'No such session: ' + sessionId };
    const id = 'own-' + Math.random().toString(36).slice(2);
    write(id, { ...read(sessionId), from: sessionId });
    return { sessionId: id, modes, models: models(read(id)) };
  },
  'session/load': ({ sessionId }) => {
    if (!fs.existsSync(file(sessionId))) throw { code: -32002, message: 'No such session: ' + sessionId };
    const s = { ...read(sessionId), ...(how === 'fickle' ? { model: 'grey', mode: 'yolo' } : {}) };
    write(sessionId, s);
    for (const p of s.prompts) say(sessionId, p, 'user_message_chunk');
    for (const where of s.leaves ?? []) try { fs.writeFileSync(where, ''); } catch { /* It may not. */ }
    say(sessionId, 'history');
    offer(sessionId);
    return { modes: { ...modes, currentModeId: s.mode }, models: models(s) };
  },
  'session/set_model': ({ sessionId, modelId }) => {
    if (!['grey', 'wild/snow'].includes(modelId)) throw { code: -32602, message: 'Unknown model ' + modelId };
    write(sessionId, { ...read(sessionId), model: modelId });
    return {};
  },
  'session/set_mode': ({ sessionId, modeId }) => { write(sessionId, { ...read(sessionId), mode: modeId }); return {}; },
  'session/prompt': async ({ sessionId, prompt }) => {
    const s = read(sessionId);
    s.prompts.push(prompt.map(b => b.text).join('\n'));
    write(sessionId, s);
    const [, name, rest] = /^\/?(\S+) ?([^]*)$/.exec(prompt.at(-1).text);
    running = { cancelled: false };
    const turn = running;
    const cancelled = new Promise(done => { turn.end = () => { turn.cancelled = true; turn.cancel?.(); done(); }; });
    await Promise.race([commands[name] ? commands[name](sessionId, s, rest) : commands.echo(sessionId, s, rest), name === 'stubborn' ? new Promise(() => {}) : cancelled]);
    update(sessionId, { sessionUpdate: 'usage_update', used: 10, size: 100, cost: { amount: s.prompts.length * 0.25, currency: 'USD' } });
    return { stopReason: turn.cancelled ? 'cancelled' : 'end_turn', usage: { inputTokens: 100, outputTokens: 20, cachedReadTokens: 5, totalTokens: 125 } };
  },
};

require('readline').createInterface({ input: process.stdin }).on('line', async line => {
  if (how === 'mute') return;
  const { id, method, params, result } = JSON.parse(line);
  if (method === 'session/cancel') running?.end();
  else if (method === undefined) { waiting.get(id)?.(result?.outcome ?? {}); waiting.delete(id); }
  else {
    try {
      if (!serve[method]) throw { code: -32601, message: 'There is no ' + method };
      send({ id, result: await serve[method](params) });
    } catch (e) {
      send({ id, error: e.code ? e : { code: -32603, message: String(e) } });
    }
  }
}).on('close', () => process.exit(0));
