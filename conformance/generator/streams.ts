/** Streams: bodies that depend on the ones before (§ 19.1), and what may happen between them. */
import { ChannelState } from './adaptive.ts';
import type { Fault } from './bytes.ts';
import type { Code, Collection, Drawer, Step } from './collection.ts';
import { tierOf } from './collection.ts';
import { type Flag, flagsOf } from './flags.ts';
import { type Body, codedView, type Setup } from './model.ts';
import { bareBody, bareSetup, expected, stateAfter } from './stream.ts';

/** An encoder and the steps that its decoder takes. */
export class StreamMaker {
  private readonly steps: Step[] = [];
  private readonly flags = new Set<Flag>();
  private readonly kept = new Map<string, ChannelState>();
  private readonly setup: Setup;
  private state: ChannelState;

  constructor(setup: Setup) {
    this.setup = setup;
    this.state = this.fresh();
  }

  private fresh(): ChannelState {
    return new ChannelState(codedView(this.setup, this.setup.dims).channels);
  }

  /** A body that arrives. */
  body(b: Body): this {
    const body = { ...b, state: this.state };
    const tensor = expected(this.setup, body);
    for (const flag of flagsOf(this.setup, body, tensor.dims)) this.flags.add(flag);
    const bytes = Uint8Array.from(bareBody(this.setup, body).bytes);
    this.steps.push({ body: bytes, expect: { type: this.setup.type, ...tensor } });
    this.state = stateAfter(this.setup, body)!;
    return this;
  }

  /** A body that is lost: the encoder's state moves on, the decoder's does not. */
  lost(b: Body): this {
    this.state = stateAfter(this.setup, { ...b, state: this.state })!;
    this.steps.push({ skip: 1 });
    this.flags.add('loss');
    return this;
  }

  /** A body with a fault: neither state moves. */
  faulty(b: Body, error: Code, field: string, faults: Readonly<Record<string, Fault>>): this {
    const writer = bareBody(this.setup, { ...b, state: this.state }, faults);
    const unused = Object.keys(faults).filter((name) => !writer.used.has(name));
    const mark = writer.marks.find((m) => m.name === field);
    if (unused.length > 0 || !mark) throw new Error(`no field ${[...unused, field].join(', ')}`);
    this.steps.push({ body: Uint8Array.from(writer.bytes), expect: { error, field, offset: mark.start } });
    return this;
  }

  snapshot(name: string): this {
    this.kept.set(name, this.state);
    this.steps.push({ snapshot: name });
    return this;
  }

  restore(name: string): this {
    this.state = this.kept.get(name)!;
    this.steps.push({ restore: name });
    this.flags.add('rollback');
    return this;
  }

  /** The decoder starts anew, and so does the encoder. */
  reset(): this {
    this.state = this.fresh();
    this.steps.push({ reset: true });
    return this;
  }

  /** Adds the vector. */
  done(out: Collection, id: string, about: string, sections: string, drawer: Drawer = 'must-read'): void {
    const { setup } = this;
    out.add({
      id,
      drawer,
      about,
      sections: [...sections.split(' '), ...(setup.domain === 'real' ? ['11.1'] : [])],
      flags: [...this.flags],
      tier: tierOf(setup),
      framing: 'stream',
      profiles: setup.profile ? [setup.profile.file] : [],
      files: { setup: Uint8Array.from(bareSetup(setup).bytes) },
      steps: this.steps,
      reconstruction: setup.domain === 'real' ? 'numeric' : 'exact',
    });
  }
}
