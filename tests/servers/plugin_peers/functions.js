// What every plugin program here offers: functions of the arguments and of the call they belong to.
//
// A call has `tell(text)`, `ask(method, params)` where the host can be asked, and `signal`, aborted when it is cancelled.

let cancelled = 0;

function untilCancelled(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      cancelled += 1;
      reject(new Error('withdrawn'));
    });
  });
}

export const functions = {
  echo: ({ text }) => ({ text }),
  fail: () => {
    throw new Error('out of order');
  },
  wait: (_, call) => untilCancelled(call.signal),
  cancelled: () => cancelled,
  progress: ({ steps }, call) => {
    for (let step = 1; step <= steps; step += 1) call.tell(`step ${step} of ${steps}`);
    return { steps };
  },
  ask: ({ text }, call) => call.ask('host/confirm', { text }),
};
