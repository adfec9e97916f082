// Runs an agent's program as a version of it that there is not yet: it says a higher number, what it writes has fields more, and
// between stand frames and questions that nobody knows. For tests.
const { spawn } = require('child_process');
const readline = require('readline');
const [program, ...args] = process.argv.slice(2);
if (args.includes('--version')) {
  console.log('99.0.0');
  process.exit(0);
}
const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const mark = 'newer-';
let n = 0;
const more = o => (o && typeof o === 'object' && !Array.isArray(o) ? { ...o, newer: { geese: 7 } } : o);
const unknown = frame => {
  if (frame.method === undefined && frame.type !== undefined)
    return [{ type: 'newer_thing', uuid: mark + ++n }, { type: 'control_request', request_id: mark + ++n, request: { subtype: 'newer_question' } }];
  const session = frame.params?.sessionId;
  return [
    { jsonrpc: '2.0', method: 'newer/thing', params: { n: ++n } },
    { jsonrpc: '2.0', id: mark + ++n, method: 'newer/question', params: {} },
    ...(session ? [{ jsonrpc: '2.0', method: 'session/update', params: { sessionId: session, update: { sessionUpdate: 'newer_update', n } } }] : []),
  ];
};
const write = frame => process.stdout.write(JSON.stringify(frame) + '\n');
readline.createInterface({ input: child.stdout }).on('line', line => {
  const frame = JSON.parse(line);
  unknown(frame).forEach(write);
  for (const field of ['params', 'result', 'message', 'error'])
    if (frame[field]) frame[field] = more(frame[field]);
  if (frame.params?.update) frame.params.update = more(frame.params.update);
  write(more(frame));
});

// What the unknown questions are answered is not for the program.
readline.createInterface({ input: process.stdin })
  .on('line', line => line.includes(`"${mark}`) || child.stdin.write(line + '\n'))
  .on('close', () => child.stdin.end());
child.on('close', code => process.exit(code ?? 1));
