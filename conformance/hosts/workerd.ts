/** The suite in workerd, where WASM must be imported as a module. Settings and vectors come in a request; results are lines of JSON. */
import scalar from 'slicer-codec/scalar.wasm';
import simd from 'slicer-codec/simd.wasm';
import { runHost } from './program.ts';

export default {
  async fetch(request: Request): Promise<Response> {
    const { settings, vectors } = await request.json();
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    const line = (value: unknown) => writer.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
    const wasm = (build: 'scalar' | 'simd') => ({ scalar, simd })[build];
    runHost({ settings, vectors, wasm, report: line }).then(
      () => writer.close(),
      (error) => writer.abort(error),
    );
    return new Response(readable);
  },
};
