/** One worker, of whatever kind, and the job it is busy with. */
import { SlicerError } from '../codec/errors.js';
import type { Request } from './message.js';
import type { WorkerLike } from './types.js';

/** What the two kinds of workers have beyond the common part. */
interface NodeStyle {
  on(event: string, hear: (value: unknown) => void): unknown;
  ref(): void;
  unref(): void;
}
interface PageStyle {
  addEventListener(event: string, hear: (event: unknown) => void): void;
}

/** A worker that was started. */
export class Link {
  /** Numbers of the profiles it has been sent. */
  readonly profiles = new Set<number>();
  private ended: unknown;
  private over = false;

  /** `answered` is called for every message, `lost` once, when the worker has failed. */
  constructor(
    private readonly worker: WorkerLike,
    answered: (message: unknown) => void,
    lost: (error: SlicerError) => void,
  ) {
    const answer = (response: unknown) => {
      if (!this.over) answered(response);
    };
    const fail = (cause: unknown) => {
      if (this.over) return;
      this.over = true;
      lost(new SlicerError('worker_failed', `A worker of the pool has ended: ${messageOf(cause)}`, { cause }));
      this.ended = worker.terminate();
    };
    if (isNodeStyle(worker)) {
      worker.on('message', answer);
      worker.on('messageerror', fail);
      worker.on('error', fail);
      worker.on('exit', (code) => fail(new Error(`it exited with ${String(code)}`)));
    } else {
      const page = worker as unknown as PageStyle;
      page.addEventListener('message', (event) => answer((event as { data: unknown }).data));
      page.addEventListener('messageerror', fail);
      page.addEventListener('error', (event) => {
        // The job is told; without this the page hears of it as well, and Deno ends the process.
        (event as { preventDefault?: () => void }).preventDefault?.();
        fail(event);
      });
    }
    this.rest();
  }

  /** Sends a job. */
  send(request: Request): void {
    if (isNodeStyle(this.worker)) this.worker.ref();
    this.worker.postMessage(request, [request.job.data]);
  }

  /** A worker without a job must not keep the process from ending. */
  rest(): void {
    if (isNodeStyle(this.worker)) this.worker.unref();
  }

  /** Ends the worker; what it still says is not heard. */
  end(): unknown {
    if (!this.over) {
      this.over = true;
      this.ended = this.worker.terminate();
    }
    return this.ended;
  }
}

function isNodeStyle(worker: WorkerLike): worker is WorkerLike & NodeStyle {
  const { on, unref } = worker as Partial<NodeStyle>;
  return typeof on === 'function' && typeof unref === 'function';
}

/** Events of pages have a message that may be empty: where the script could not be loaded, nobody says why. */
function messageOf(cause: unknown): string {
  const { message } = cause as { message?: unknown };
  return typeof message === 'string' && message !== ''
    ? message
    : 'its script did not load, or it failed without a word';
}
