// A server of the Model Context Protocol over standard input and output that does what its tools are told. For tests.
const lines = require('readline').createInterface({ input: process.stdin });
const send = message => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
const text = t => ({ content: [{ type: 'text', text: t }] });
const tool = (name, description, properties) => ({ name, description, inputSchema: { type: 'object', properties } });
const tools = [
  tool('echo', 'Says what it is told.', { text: { type: 'string' } }),
  tool('two.parts', 'Answers with two texts and an image.', {}),
  tool('fail', 'Fails.', {}),
  tool('die', 'Ends the server in the middle of the call.', {}),
  tool('hang', 'Never answers.', {}),
  tool('environment', 'Tells what it sees.', {}),
];
if (process.argv[2] === 'broken') {
  console.error('The geese are out.');
  process.exit(3);
}
lines.on('line', line => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === 'initialize')
    send({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'stand-in', version: '1' } } });
  else if (method === 'tools/list')
    send({ id, result: { tools } });
  else if (method === 'ping')
    send({ id, result: {} });
  else if (method !== 'tools/call')
    send({ id, error: { code: -32601, message: `There is no ${method}.` } });
  else if (params.name === 'echo')
    send({ id, result: text(`${process.pid}: ${params.arguments.text}`) });
  else if (params.name === 'two.parts')
    send({ id, result: { content: [{ type: 'text', text: 'one' }, { type: 'text', text: 'two' }, { type: 'image', data: 'AAAA', mimeType: 'image/png' }] } });
  else if (params.name === 'fail')
    send({ id, result: { ...text('No geese today.'), isError: true } });
  else if (params.name === 'die')
    process.exit(7);
  else if (params.name === 'environment')
    send({ id, result: text(JSON.stringify(process.env)) });
});
