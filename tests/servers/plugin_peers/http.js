// A plugin on json-rpc-2.0 that is posted to: `node http.js` says its port on a line, and ends with its standard input.
//
// What it tells of a call goes out in one batch with the answer.

import { createServer } from 'node:http';

import { plugin } from './rpc.js';

const take = async (body) => {
  const answers = [];
  await plugin((message) => answers.push(message), false)(JSON.parse(body));
  return answers.length > 1 ? answers : answers[0];
};

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', async () => {
    const answer = await take(body);
    response.writeHead(answer === undefined ? 204 : 200, { 'Content-Type': 'application/json' });
    response.end(answer === undefined ? undefined : JSON.stringify(answer));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit()).resume();
