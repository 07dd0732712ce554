/** The global scope of a page's worker as a port. */
import type { Codec } from '../codec/api.js';
import type { Request } from './message.js';
import { serve } from './serve.js';

/** The part of a worker's scope that is used here. */
interface Scope {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: 'message', hear: (event: { data: Request }) => void): void;
}

/** Answers the page that started this worker. */
export function servePage(codec: Codec): void {
  const scope = globalThis as unknown as Scope;
  serve(codec, {
    listen: (hear) => scope.addEventListener('message', (event) => hear(event.data)),
    answer: (response, transfer) => scope.postMessage(response, transfer),
  });
}
