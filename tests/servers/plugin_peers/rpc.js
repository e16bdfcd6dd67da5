// The functions on json-rpc-2.0, whatever carries its messages.
//
// `send(message)` writes one message, a value. The returned function takes one message that has come, a value. All that a
// process opens share their calls, so that one POST can cancel what another has asked.

import jsonrpc from 'json-rpc-2.0';

import { functions } from './functions.js';

const { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } = jsonrpc;

const open = new Map();
const quiet = { errorListener: () => {} };

function nobody() {
  throw new Error('nobody can be asked this way');
}

export function plugin(send, canAsk = true) {
  const client = new JSONRPCClient(async (message) => send(message));
  const both = new JSONRPCServerAndClient(new JSONRPCServer(quiet), client, quiet);
  for (const [name, carry] of Object.entries(functions)) {
    both.addMethodAdvanced(name, async ({ id, params }) => {
      const controller = new AbortController();
      open.set(id, controller);
      const call = {
        signal: controller.signal,
        tell: (message) => both.notify('$/progress', { id, message }),
        ask: canAsk ? (method, asked) => both.request(method, { call: id, ...asked }) : nobody,
      };
      try {
        return { jsonrpc: '2.0', id, result: await carry(params, call) };
      } catch (error) {
        return { jsonrpc: '2.0', id, error: { code: 0, message: error.message } };
      } finally {
        open.delete(id);
      }
    });
  }
  both.addMethod('$/cancelRequest', ({ id }) => open.get(id)?.abort());
  return (message) => both.receiveAndSend(message);
}
