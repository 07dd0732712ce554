/** The order rules (`spec/container.md` § 9), shared by scanning, seeking and writing. */
import { fail } from './limits.js';

/** Follows the ids and steps along a file. Offsets given are those of the fields, for errors. */
export class OrderRules {
  tensors = 0;
  setups = 0;
  lastStep = 0;
  private inStep = new Set<number>();

  /** Rule 2 for tensor records. */
  tensor(id: number, offset: number): void {
    if (id !== this.tensors + 1) {
      throw fail('bad_container', `Tensor id ${id} where ${this.tensors + 1} is next.`, offset);
    }
    this.tensors = id;
  }

  /** Rule 2 for setup records. */
  setup(id: number, offset: number): void {
    if (id !== this.setups + 1) throw fail('bad_container', `Setup id ${id} where ${this.setups + 1} is next.`, offset);
    this.setups = id;
  }

  /** Rules 3 to 5. `fields` is the offset of the 16 fixed bytes of a body or frame. */
  data(kind: 'body' | 'frame', setup: number, tensor: number, step: number, fields: number): void {
    if (kind === 'body' && (setup === 0 || setup > this.setups)) {
      throw fail('bad_container', `Setup ${setup} is not in the file before this body.`, fields);
    }
    if (tensor > this.tensors)
      throw fail('bad_container', `Tensor ${tensor} is not named before this record.`, fields + 4);
    if (step < this.lastStep) throw fail('bad_container', `Step ${step} after step ${this.lastStep}.`, fields + 8);
    if (step > this.lastStep) {
      this.inStep.clear();
      this.lastStep = step;
    }
    if (tensor === 0) return;
    if (this.inStep.has(tensor)) throw fail('bad_container', `Tensor ${tensor} twice in step ${step}.`, fields + 4);
    this.inStep.add(tensor);
  }

  /** An independent copy. */
  copy(): OrderRules {
    const rules = new OrderRules();
    rules.tensors = this.tensors;
    rules.setups = this.setups;
    rules.lastStep = this.lastStep;
    rules.inStep = new Set(this.inStep);
    return rules;
  }
}
