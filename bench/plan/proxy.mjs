// A link on loopback: a TCP proxy that sends bytes up at a given rate and delays every byte by half a round trip each way.
import net from 'node:net';

/** Bytes leave in pieces of a network packet's size, so that two messages share the link as they would. */
const PIECE = 1448;

/**
 * Listens on a port of its own and passes everything on to `target`.
 *
 * @param link uplink in bits a second, rtt in milliseconds
 * @returns the port, what was carried so far, a setter for the link, and how to end it
 */
export async function startProxy(target, link) {
  let now = link;
  const carried = { up: 0, down: 0 };
  const server = net.createServer((client) => {
    const upstream = net.connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
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
        const { piece } = queue.shift();
        if (to.writable) to.write(piece);
      }
      if (queue.length > 0) wake(queue[0].due, pump);
    };
    from.on('data', (data) => {
      carried[way] += data.length;
      const idle = queue.length === 0;
      for (let at = 0; at < data.length; at += PIECE) {
        const piece = data.subarray(at, at + PIECE);
        free = Math.max(performance.now(), free) + (8000 * piece.length) / rate();
        queue.push({ due: free + now.rtt / 2, piece });
      }
      if (idle) pump();
    });
    from.on('close', () => to.destroy());
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
