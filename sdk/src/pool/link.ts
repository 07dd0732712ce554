/** One worker, of whatever kind, and the job it is busy with. */
import { SlicerError } from '../codec/errors.js';
import type { Request } from './message.js';
import { Held } from './profiles.js';
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

/** A worker that was started, or that is about to be. */
export class Link {
  /** Profiles it has been sent. */
  readonly held = new Held();
  private worker: WorkerLike | undefined;
  /** The job that came before the worker. */
  private waiting: Request | undefined;
  private ended: Promise<void> | undefined;

  /**
   * Starts a worker. `answered` is called for every message, `lost` once, when the worker has failed. Throws where the worker cannot be
   * started; where that turns out later, it is lost.
   */
  constructor(
    start: () => WorkerLike | PromiseLike<WorkerLike>,
    private readonly answered: (message: unknown) => void,
    private readonly lost: (error: SlicerError) => void,
  ) {
    const made = start();
    if (isPromise(made)) {
      Promise.resolve(made).then(
        (worker) => this.arrived(worker),
        (cause: unknown) => this.failed(notStarted(cause)),
      );
    } else {
      try {
        this.attach(made);
        this.rest();
      } catch (cause) {
        void this.end();
        throw cause;
      }
    }
  }

  /** Sends a job, at once or when the worker is there. */
  send(request: Request): void {
    if (this.worker === undefined) {
      this.waiting = request;
      return;
    }
    if (isNodeStyle(this.worker)) this.worker.ref();
    this.worker.postMessage(request, [request.job.data]);
  }

  /** A worker without a job must not keep the process from ending. */
  rest(): void {
    if (this.worker !== undefined && isNodeStyle(this.worker)) this.worker.unref();
  }

  /** Ends the worker; what it still says is not heard. Resolves when it has ended, at once where it is not there yet. */
  end(): Promise<void> {
    this.ended ??= terminate(this.worker);
    return this.ended;
  }

  private arrived(worker: WorkerLike): void {
    try {
      this.attach(worker);
      // The pool may have closed, or given the job up, since the worker was asked for.
      if (this.ended) void terminate(worker);
      else if (this.waiting) this.send(this.waiting);
    } catch (cause) {
      this.failed(notStarted(cause));
    }
    this.waiting = undefined;
  }

  /** Listens to a worker. One that is ended already too: what it still reports would end the process if nobody heard it. */
  private attach(worker: WorkerLike): void {
    if (!isWorker(worker)) {
      void terminate(worker);
      throw new TypeError('the function worker gave something else than a worker');
    }
    this.worker = worker;
    const answer = (response: unknown) => {
      if (!this.ended) this.answered(response);
    };
    const fail = (cause: unknown) => {
      this.failed(new SlicerError('worker_failed', `A worker of the pool has ended: ${messageOf(cause)}`, { cause }));
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
  }

  private failed(error: SlicerError): void {
    if (this.ended) return;
    void this.end();
    this.lost(error);
  }
}

/** Why a job has no worker. */
export function notStarted(cause: unknown): SlicerError {
  return new SlicerError('worker_failed', `No worker could be started: ${textOf(cause)}`, { cause });
}

/** What was thrown, as text; an object without a prototype has none. */
function textOf(cause: unknown): string {
  try {
    return String(cause);
  } catch {
    return messageOf(cause);
  }
}

/** Ends a worker, however it takes that: who closes a pool is not told of a worker that cannot even end. */
async function terminate(worker: Partial<WorkerLike> | undefined): Promise<void> {
  try {
    await worker?.terminate?.();
  } catch {}
}

function isPromise(made: WorkerLike | PromiseLike<WorkerLike>): made is PromiseLike<WorkerLike> {
  return typeof (made as Partial<PromiseLike<WorkerLike>> | undefined)?.then === 'function';
}

function isWorker(worker: Partial<WorkerLike> | undefined): worker is WorkerLike {
  if (typeof worker?.postMessage !== 'function' || typeof worker.terminate !== 'function') return false;
  return isNodeStyle(worker as WorkerLike) || typeof (worker as Partial<PageStyle>).addEventListener === 'function';
}

function isNodeStyle(worker: WorkerLike): worker is WorkerLike & NodeStyle {
  const { on, unref } = worker as Partial<NodeStyle>;
  return typeof on === 'function' && typeof unref === 'function';
}

/** Events of pages have a message that may be empty: where the script could not be loaded, nobody says why. */
function messageOf(cause: unknown): string {
  const message = (cause as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' && message !== ''
    ? message
    : 'its script did not load, or it failed without a word';
}
