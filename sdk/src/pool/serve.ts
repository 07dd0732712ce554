/** The worker's side: one job after the other. */
import type { Codec } from '../codec/api.js';
import { arrayOver } from '../codec/tensor.js';
import { type Job, type Outcome, packError, type Request, type Response } from './message.js';

/** Decoders that are kept, one for each set of profiles. */
const KEPT = 8;

/** Where a worker hears and answers. */
export interface Port {
  listen(hear: (request: Request) => void): void;
  answer(response: Response, transfer: ArrayBuffer[]): void;
}

/** Answers jobs with this codec for ever. */
export function serve(codec: Codec, port: Port): void {
  const profiles = new Map<number, Uint8Array>();
  const encoder = new codec.Encoder();
  /** Profiles that the encoder has been given. */
  const known = new Set<number>();
  const decoders = new Map<string, InstanceType<Codec['Decoder']>>();

  /** A decoder that knows these profiles and no others, so that what a frame decodes to depends on no job before. */
  const decoder = (numbers: readonly number[]) => {
    const key = numbers.join();
    const found = decoders.get(key) ?? new codec.Decoder();
    // The one used last goes to the end; the one unused longest is at the front.
    decoders.delete(key);
    decoders.set(key, found);
    const [oldest] = decoders.keys();
    if (decoders.size > KEPT) {
      decoders.get(oldest)?.free();
      decoders.delete(oldest);
    }
    return found;
  };

  /** Forgets a profile, and what may have parsed it: neither an encoder nor a decoder lets go of one. */
  const drop = (number: number) => {
    profiles.delete(number);
    if (known.has(number)) {
      encoder.free();
      known.clear();
    }
    for (const [key, decoder] of decoders) {
      if (!key.split(',').includes(String(number))) continue;
      decoder.free();
      decoders.delete(key);
    }
  };

  const run = (job: Job): Outcome => {
    const given = job.profiles.map((number) => profiles.get(number) as Uint8Array);
    if (job.kind === 'encode') {
      for (const number of job.profiles) known.add(number);
      const data = arrayOver(job.type, new Uint8Array(job.data));
      const options = { ...job.options, profile: given[0] };
      const { bytes, report } = encoder.encode({ type: job.type, data, dims: job.dims }, options);
      return { kind: 'encoded', data: bytes.buffer as ArrayBuffer, report };
    }
    const { type, data, dims, size } = decoder(job.profiles).decode(job.data, { ...job.options, profiles: given });
    return { kind: 'decoded', type, data: data.buffer as ArrayBuffer, dims, size };
  };

  port.listen(({ job, deliveries, dropped }) => {
    for (const number of dropped) drop(number);
    for (const { number, bytes } of deliveries) profiles.set(number, bytes);
    let outcome: Outcome;
    try {
      outcome = run(job);
    } catch (error) {
      port.answer({ failure: packError(error) }, []);
      return;
    }
    port.answer({ outcome }, [outcome.data]);
  });
}
