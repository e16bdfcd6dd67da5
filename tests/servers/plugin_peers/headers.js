// A plugin on vscode-jsonrpc, which writes a Content-Length before each message.
//
// `node headers.js` reads and writes its standard streams; `node headers.js PATH` listens at a Unix socket, says so on a
// line, and ends with its standard input.

import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:net';

import rpc from 'vscode-jsonrpc/node';

import { functions } from './functions.js';

function serve(input, output) {
  const current = new AsyncLocalStorage();
  const connection = rpc.createMessageConnection(
    new rpc.StreamMessageReader(input),
    new rpc.StreamMessageWriter(output),
    rpc.NullLogger,
    { messageStrategy: { handleMessage: (message, next) => current.run(message.id, () => next(message)) } },
  );
  for (const [name, carry] of Object.entries(functions)) {
    connection.onRequest(name, (params, token) => {
      const id = current.getStore();
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      return carry(params, {
        signal: controller.signal,
        tell: (message) => connection.sendNotification('$/progress', { id, message }),
        ask: (method, asked) => connection.sendRequest(method, { call: id, ...asked }),
      });
    });
  }
  connection.listen();
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  serve(process.stdin, process.stdout);
} else {
  createServer((socket) => serve(socket, socket)).listen(path, () => console.log('listening'));
  process.stdin.on('end', () => process.exit()).resume();
}
