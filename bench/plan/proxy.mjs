// A link on loopback: a TCP proxy that sends bytes up at a given rate and delays every byte by half a round trip each way.
import net from 'node:net';

/** Bytes leave in pieces of a network packet's size, so that two messages share the link as they would. */
const PIECE = 1448;

/**
 * A side that ends is ended on the other once all it had sent has been delivered, and may still be answered; one that breaks off
 * takes the other with it, after what it had sent.
 */
const HALF_OPEN = { allowHalfOpen: true };

/**
 * Listens on a port of its own and passes everything on to `target`.
 *
 * @param link uplink in bits a second, rtt in milliseconds
 * @returns the port, what was carried so far, a setter for the link, and how to end it
 */
export async function startProxy(target, link) {
  let now = link;
  const carried = { up: 0, down: 0 };
  const server = net.createServer(HALF_OPEN, (client) => {
    const upstream = net.connect({ port: target, host: '127.0.0.1', ...HALF_OPEN });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      // What there is to do then is done when it closes.
      socket.on('error', () => {});
    }
    carry(client, upstream, 'up', () => now.uplink);
    carry(upstream, client, 'down', () => Number.POSITIVE_INFINITY);
  });
  const carry = (from, to, way, rate) => {
    let free = 0;
    const queue = [];
    // One timer for each direction: pieces must not overtake each other.
    const pump = () => {
      while (queue.length > 0 && queue[0].due <= performance.now()) {
        const { action } = queue.shift();
        action();
      }
      if (queue.length > 0) wake(queue[0].due, pump);
    };
    const add = (due, action) => {
      queue.push({ due, action });
      if (queue.length === 1) wake(due, pump);
    };
    from.on('data', (data) => {
      carried[way] += data.length;
      for (let at = 0; at < data.length; at += PIECE) {
        const piece = data.subarray(at, at + PIECE);
        free = Math.max(performance.now(), free) + (8000 * piece.length) / rate();
        add(free + now.rtt / 2, () => to.writable && to.write(piece));
      }
    });
    const last = (action) => () => add(Math.max(performance.now(), free) + now.rtt / 2, action);
    from.on(
      'end',
      last(() => to.end()),
    );
    // Ends it and closes it when all is written; of one that has ended both ways there is nothing left to close.
    from.on(
      'close',
      last(() => to.destroySoon()),
    );
  };
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    carried,
    set: (next) => {
      now = next;
    },
    close: () => server.close(),
  };
}

/** Calls again before a time: a timer comes up to a millisecond late, so the last two are waited for awake. */
function wake(time, action) {
  const wait = time - performance.now();
  if (wait > 2) setTimeout(action, wait - 2);
  else setImmediate(action);
}
