// The link of the planner's bench: what a side has sent arrives, whatever that side does next.
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { startProxy } from '../plan/proxy.mjs';

const SIZE = 200_000;
const open = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** A connection through a proxy to a server that `serve` answers for. */
async function connected(link, serve) {
  const server = net.createServer({ allowHalfOpen: true }, serve);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await startProxy(server.address().port, link);
  open.push(server, proxy);
  return net.connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
}

/** Bytes until the other side ends, and milliseconds until then. */
async function all(socket) {
  const start = performance.now();
  let bytes = 0;
  for await (const piece of socket) bytes += piece.length;
  return { bytes, ms: performance.now() - start };
}

test('what is on its way is delivered before an end', async () => {
  const client = await connected({ uplink: 1e7, rtt: 60 }, (socket) => socket.end(Buffer.alloc(SIZE)));
  const { bytes, ms } = await all(client);
  client.end();
  expect(bytes).toBe(SIZE);
  expect(ms).toBeGreaterThan(28);
});

test('who has ended is answered', async () => {
  const client = await connected({ uplink: 1e7, rtt: 20 }, (socket) => {
    let bytes = 0;
    socket.on('data', (piece) => {
      bytes += piece.length;
    });
    socket.on('end', () => socket.end(String(bytes)));
  });
  client.end(Buffer.alloc(SIZE));
  let answer = '';
  for await (const piece of client) answer += piece;
  expect(Number(answer)).toBe(SIZE);
});

test('who breaks off takes the other side along, after what he had sent', async () => {
  let tell;
  const told = new Promise((resolve) => (tell = resolve));
  const client = await connected({ uplink: 1e7, rtt: 60 }, (socket) => {
    let bytes = 0;
    socket.on('data', (piece) => (bytes += piece.length));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => tell(bytes));
  });
  client.write(Buffer.alloc(SIZE), () => setTimeout(() => client.resetAndDestroy(), 10));
  expect(await told).toBe(SIZE);
});
