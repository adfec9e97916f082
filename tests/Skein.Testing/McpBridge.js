// Reaches a server of the Model Context Protocol that is a program (its command is the arguments) over HTTP. For tests, and one caller at a time.
const { spawn } = require('child_process');
const waiting = new Map();
let server;

function start() {
  server?.kill();
  server = spawn(process.argv[2], process.argv.slice(3), { stdio: ['pipe', 'pipe', 'inherit'] });
  require('readline').createInterface({ input: server.stdout }).on('line', line => {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(line);
    waiting.delete(message.id);
  });
}

require('http').createServer((request, response) => {
  if (request.method !== 'POST') return response.writeHead(405).end();
  let body = '';
  request.on('data', piece => { body += piece; });
  request.on('end', () => {
    const message = JSON.parse(body);
    if (message.method === 'initialize') start();
    if (message.id === undefined) response.writeHead(202).end();
    else waiting.set(message.id, line => response.writeHead(200, { 'Content-Type': 'application/json' }).end(line));
    server.stdin.write(JSON.stringify(message) + '\n');
  });
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
process.on('SIGTERM', () => { server?.kill(); process.exit(); });
