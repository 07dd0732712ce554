/**
 * § 11 Reconstruction: levels to values to elements, in scan order, each stored at its place in memory.
 */

import { Body } from './body';
import { Dct } from './dct';
import { check, E, failed } from './errors';
import { isStep, scale } from './scales';
import { Domain, Feature, Setup } from './setup';
import { addMean, channelTransform } from './transform';

const LARGEST: f32 = reinterpret<f32>(0x7f7fffff);
/** The ranges of the integer types, by type. */
const LOWEST: StaticArray<f64> = [0, 0, 0, -128, 0, -32768, -2147483648];
const HIGHEST: StaticArray<f64> = [0, 0, 0, 127, 255, 32767, 2147483647];

export class Output {
  private index: StaticArray<u32> = new StaticArray<u32>(8);
  /** Dims and distances in memory, in bytes, of the scan axes. */
  private dims: StaticArray<u32> = new StaticArray<u32>(8);
  private strides: StaticArray<u32> = new StaticArray<u32>(8);
  private plane: u32 = 0;
  private left: u32 = 0;
  private factor: f64 = 0;
  private base: f32 = 0;
  /** § 15 and § 16: coefficients of a row, how many there are, and where channels are made of them. */
  private row: StaticArray<f32> = new StaticArray<f32>(0);
  private have: u32 = 0;
  private turned: StaticArray<f32> = new StaticArray<f32>(0);
  private dct: Dct | null = null;

  constructor(
    private setup: Setup,
    private body: Body,
    private to: usize,
    private at: u32,
  ) {
    const bytes = new StaticArray<u32>(8);
    let stride = setup.width;
    for (let i = i32(setup.rank) - 1; i >= 0; i--) {
      bytes[i] = stride;
      stride *= body.dims[i];
    }
    for (let i: u32 = 0; i < setup.rank; i++) {
      this.dims[i] = body.dims[setup.layout.axes[i]];
      this.strides[i] = bytes[setup.layout.axes[i]];
    }
    this.base = setup.step * scale(body.stepIndex) * scale(0);
    if (setup.domain === Domain.REAL) check(isStep(this.base), E.CORRUPT, at);
    if (setup.transforms()) this.row = new StaticArray<f32>(body.channels * body.area);
    if (setup.has(Feature.CHANNEL_TRANSFORM)) this.turned = new StaticArray<f32>(setup.profile!.channels * body.area);
    if (setup.has(Feature.DCT)) this.dct = new Dct(setup.dctWeight);
  }

  private nextPlane(): void {
    const p = this.plane++;
    this.left = this.body.area;
    const row = scale(this.setup.scales.row(p / this.body.channels));
    const step = this.base * row * scale(this.setup.scales.channel(p % this.body.channels));
    check(isStep(step), E.CORRUPT, this.at);
    this.factor = isStep(step) ? f64(step) / 256 : 0;
  }

  /** The next value, in scan order. */
  put(level: i64, stride: i64, delta: i32, union: u32): void {
    if (this.left === 0) this.nextPlane();
    this.left--;
    if (this.setup.domain === Domain.REAL) {
      const sgn = i64(level > 0) - i64(level < 0);
      const point = 256 * level + 128 * (stride - 1) + i64(delta) * stride - 128 * i64(union) * sgn;
      const value = max(-LARGEST, min(LARGEST, f32(f64(point) * this.factor)));
      if (this.setup.transforms()) this.coefficient(value);
      else this.real(value);
      return;
    }
    if (this.setup.domain === Domain.INTEGER) this.integer(level);
    else this.floatBits(level);
    this.advance();
  }

  /** Keeps a coefficient; the last one of a row gives the row's values. */
  private coefficient(value: f32): void {
    this.row[this.have++] = value;
    if (this.have < u32(this.row.length)) return;
    this.have = 0;
    const setup = this.setup;
    const area = this.body.area;
    const dct = this.dct;
    if (dct) {
      const width = this.body.width;
      for (let c: u32 = 0; c < this.body.channels; c++) dct.inverse(this.row, c * area, area / width, width);
    }
    let values = this.row;
    if (setup.has(Feature.CHANNEL_TRANSFORM)) {
      values = this.turned;
      channelTransform(setup.profile!, this.row, values, area);
    }
    if (setup.usesMean()) addMean(setup.profile!, values, area);
    for (let i = 0; i < values.length; i++) {
      check(abs(values[i]) < Infinity, E.CORRUPT, this.at);
      if (failed()) return;
      this.real(values[i]);
    }
  }

  /** Moves to the place of the next value. */
  private advance(): void {
    for (let a = i32(this.setup.rank) - 1; a >= 0; a--) {
      this.to += this.strides[a];
      if (++this.index[a] < this.dims[a]) return;
      this.to -= this.strides[a] * this.dims[a];
      this.index[a] = 0;
    }
  }

  private real(value: f32): void {
    const type = this.setup.type;
    if (type === 0) store<f32>(this.to, value);
    else if (type === 1) store<u16>(this.to, binary16(value));
    else if (type === 2) store<u16>(this.to, bfloat16(value));
    else this.integer(i64(max(LOWEST[type], min(HIGHEST[type], nearest(f64(value))))));
    this.advance();
  }

  private integer(level: i64): void {
    const type = this.setup.type;
    check(level >= i64(LOWEST[type]) && level <= i64(HIGHEST[type]), E.CORRUPT, this.at);
    if (type < 5) store<u8>(this.to, u8(level));
    else if (type === 5) store<u16>(this.to, u16(level));
    else store<u32>(this.to, u32(level));
  }

  private floatBits(level: i64): void {
    if (this.setup.type === 0) {
      store<u32>(this.to, u32(level < 0 ? level ^ 0x7fffffff : level));
    } else {
      check(level >= -0x8000 && level <= 0x7fff, E.CORRUPT, this.at);
      store<u16>(this.to, u16(level < 0 ? level ^ 0x7fff : level));
    }
  }
}

function binary16(value: f32): u16 {
  const bits = reinterpret<u32>(value);
  const sign = (bits >> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x477ff000) return u16(sign | 0x7bff);
  // Below 2^−14 the spacing is 2^−24.
  if (magnitude < 0x38800000) return u16(sign | u32(nearest<f32>(abs<f32>(value) * 16777216)));
  return u16(sign | (((magnitude + 0xfff + ((magnitude >> 13) & 1)) >> 13) - (112 << 10)));
}

function bfloat16(value: f32): u16 {
  const bits = reinterpret<u32>(value);
  const magnitude = bits & 0x7fffffff;
  const rounded = (magnitude + 0x7fff + ((magnitude >> 16) & 1)) >> 16;
  return u16(((bits >> 16) & 0x8000) | min(rounded, 0x7f7f));
}
