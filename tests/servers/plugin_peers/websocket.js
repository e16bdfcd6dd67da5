// A plugin on json-rpc-2.0 behind a WebSocket of ws: `node websocket.js` says its port, and ends with its standard input.

import { WebSocketServer } from 'ws';

import { plugin } from './rpc.js';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (socket) => {
  const take = plugin((message) => socket.send(JSON.stringify(message)));
  socket.on('message', (data) => take(JSON.parse(data.toString())));
});
server.on('listening', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit()).resume();
