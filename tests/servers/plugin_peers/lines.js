// A plugin on json-rpc-2.0 that reads and writes a message a line: `node lines.js`.

import { createInterface } from 'node:readline';

import { plugin } from './rpc.js';

const take = plugin((message) => process.stdout.write(`${JSON.stringify(message)}\n`));
createInterface({ input: process.stdin }).on('line', (line) => take(JSON.parse(line)));
