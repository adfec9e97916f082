// A server of the Model Context Protocol that does what its tools are told, over standard input and output; with 'http' over HTTP, for
// those who know the token. For tests.
const text = t => ({ content: [{ type: 'text', text: t }] });
const tool = (name, description, properties) => ({ name, description, inputSchema: { type: 'object', properties } });
const tools = [
  tool('echo', 'Says what it is told.', { text: { type: 'string' } }),
  tool('two.parts', 'Answers with two texts and an image.', {}),
  tool('fail', 'Fails.', {}),
  tool('die', 'Ends the server in the middle of the call.', {}),
  tool('hang', 'Never answers.', {}),
  tool('slow', 'Tells of its progress for 2 seconds, then answers.', {}),
  tool('ask', 'Asks whoever calls for a word of its model, and of its user.', {}),
  tool('taken_back', 'Tells which calls were taken back.', {}),
  tool('methods', 'Tells by which methods of HTTP it was asked.', {}),
  tool('flood', 'Prints a line that never ends.', {}),
  tool('nonsense', 'Answers with what is no result.', {}),
  tool('environment', 'Tells what it sees.', {}),
  tool('touch', 'Makes a file.', { path: { type: 'string' } }),
];
const prompts = [{ name: 'greet', description: 'Greets somebody.', arguments: [{ name: 'who', required: true }, { name: 'how' }] }];
const resources = [{ uri: 'geese://flock', name: 'flock', description: 'The flock.' }];
if (process.argv[2] === 'broken') {
  console.error('The geese are out.');
  process.exit(3);
}

if (process.argv[2] === 'mute') setInterval(() => {}, 1000);

const takenBack = [];
const methods = new Set();
const waiting = new Map();
const ask = (send, method, params) => new Promise(resolve => {
  waiting.set(method, resolve);
  send({ id: method, method, params });
});

async function answer({ method, params }, send) {
  switch (method) {
    case 'initialize':
      return { protocolVersion: params.protocolVersion, capabilities: { tools: {}, prompts: {}, resources: {} }, serverInfo: { name: 'stand-in', version: '1' } };
    case 'tools/list': return { tools };
    case 'prompts/list': return { prompts };
    case 'prompts/get':
      return { messages: [{ role: 'user', content: { type: 'text', text: `Greet ${params.arguments.who}, ${params.arguments.how ?? 'shortly'}.` } }] };
    case 'resources/list': return { resources };
    case 'resources/templates/list': return { resourceTemplates: [{ uriTemplate: 'geese://{name}', name: 'one' }] };
    case 'resources/read': return { contents: [{ uri: params.uri, mimeType: 'text/plain', text: 'Seven geese.' }] };
    case 'ping': return {};
    case 'tools/call': return call(params, send);
    default:
      if (process.argv[2] === 'agreeable') return {};
      throw new Error(`There is no ${method}.`);
  }
}

async function call({ name, arguments: given, _meta }, send) {
  switch (name) {
    case 'echo': return text(`${process.pid}: ${given.text}`);
    case 'two.parts':
      return { content: [{ type: 'text', text: 'one' }, { type: 'text', text: 'two' }, { type: 'image', data: 'AAAA', mimeType: 'image/png' }] };
    case 'fail': return { ...text('No geese today.'), isError: true };
    case 'die': process.exit(7);
    case 'hang': return new Promise(() => {});
    case 'slow':
      for (let n = 1; n <= 5; n++) {
        await new Promise(resolve => setTimeout(resolve, 400));
        send({ method: 'notifications/progress', params: { progressToken: _meta.progressToken, progress: n, total: 5 } });
      }
      return text('At last.');
    case 'ask': {
      const model = await ask(send, 'sampling/createMessage', { messages: [], maxTokens: 10 });
      const user = await ask(send, 'elicitation/create', { message: 'Who are you?', requestedSchema: { type: 'object', properties: {} } });
      return text(JSON.stringify({ model: model.error?.code, user: user.error?.code }));
    }
    case 'flood': {
      const more = () => { while (process.stdout.write('honk'.repeat(16384))); process.stdout.once('drain', more); };
      more();
      return new Promise(() => {});
    }
    case 'nonsense': return ['honk', { content: 'honk' }];
    case 'methods': return text([...methods].join(' '));
    case 'taken_back': return text(JSON.stringify(takenBack));
    case 'environment': return text(JSON.stringify(process.env));
    case 'touch':
      require('fs').writeFileSync(given.path, '');
      return text('Made.');
  }
}

async function respond(message, send) {
  if (message.method === undefined) {
    waiting.get(message.id)?.(message);
    return;
  }
  if (message.method === 'notifications/cancelled') takenBack.push(message.params.requestId);
  if (message.id === undefined) return;
  try {
    send({ id: message.id, result: await answer(message, send) });
  } catch (e) {
    send({ id: message.id, error: { code: -32601, message: e.message } });
  }
}

if (process.argv[2] === 'http') {
  const server = require('http').createServer((request, response) => {
    if (request.headers.authorization === 'Bearer honk-honk') methods.add(request.method);
    if (request.headers.authorization !== 'Bearer honk-honk') {
      response.writeHead(401).end();
    } else if (request.method !== 'POST') {
      response.writeHead(405).end();
    } else {
      let body = '';
      request.on('data', piece => { body += piece; });
      request.on('end', () => {
        const message = JSON.parse(body);
        if (message.id === undefined) response.writeHead(202).end();
        else respond(message, answered => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', ...answered })));
      });
    }
  });
  server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => console.log(server.address().port));
} else {
  const noise = process.argv[2] === 'noisy' ? 'Honk!\n{"half":\n[]\n\u0000\n{"jsonrpc":"2.0","id":"nobody\'s","result":{}}\n' : '';
  const send = message => process.stdout.write(noise + JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
  require('readline').createInterface({ input: process.stdin }).on('line', line => { if (process.argv[2] !== 'mute') respond(JSON.parse(line), send); });
}
