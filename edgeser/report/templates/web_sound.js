// Samples: from full scale 1.0 to int16, and from one rate to another. In the page and its worklet.

const ZERO_CROSSINGS = 96; // of the kernel, to each side
const PASSED = 0.97; // of the band that both rates have, to half its amplitude
const KAISER_BETA = 9;
const MOST_PHASES = 1024; // whose weights are kept

// rint(x * 32768), halves to even, saturated: as on the host.
function toInt16(value) {
  const scaled = value * 32768;
  let whole = Math.round(scaled); // halves up
  if (whole - scaled === 0.5 && whole % 2 !== 0) whole -= 1;
  return Math.max(-32768, Math.min(32767, whole || 0));
}

function bessel(x) {
  let sum = 1, term = 1;
  for (let k = 1; k < 60 && term > sum * 1e-17; ++k) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

// A windowed sinc for the ratio of two whole rates, of samples that come in pieces.
class Resampler {
  constructor(from, to) {
    const common = ((a, b) => { while (b) [a, b] = [b, a % b]; return a; })(from, to);
    this.up = to / common;
    this.down = from / common;
    this.cutoff = PASSED * Math.min(1, to / from);
    this.half = Math.ceil(ZERO_CROSSINGS / this.cutoff);
    this.kept = new Map();
    this.held = new Float64Array(this.half - 1); // as if silence came before
    this.at = this.half - 1; // in `held`, of the next output
    this.phase = 0; // so many `up`ths behind that
    this.taken = this.given = 0;
  }

  push(input) {
    this.taken += input.length;
    if (this.up === this.down) return Float64Array.from(input);
    const held = new Float64Array(this.held.length + input.length);
    held.set(this.held);
    held.set(input, this.held.length);
    const found = [];
    while (this.at + this.half < held.length) {
      const weights = this.weights(), first = this.at - this.half + 1;
      let sum = 0;
      for (let i = 0; i < weights.length; ++i) sum += weights[i] * held[first + i];
      found.push(sum);
      this.phase += this.down;
      this.at += Math.floor(this.phase / this.up);
      this.phase %= this.up;
    }
    const done = Math.min(held.length, this.at - this.half + 1);
    this.held = held.slice(done);
    this.at -= done;
    this.given += found.length;
    return Float64Array.from(found);
  }

  // What is still inside, as if silence came after.
  end() {
    if (this.up === this.down) return new Float64Array(0);
    const wanted = Math.round(this.taken * this.up / this.down) - this.given;
    return this.push(new Float64Array(2 * this.half)).slice(0, Math.max(0, wanted));
  }

  weights() {
    const known = this.kept.get(this.phase);
    if (known) return known;
    const offset = this.phase / this.up, weights = new Float64Array(2 * this.half);
    let sum = 0;
    for (let i = 0; i < weights.length; ++i) {
      const x = i - this.half + 1 - offset, inside = 1 - (x / this.half) ** 2;
      const angle = Math.PI * this.cutoff * x;
      const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
      weights[i] = inside > 0 ? sinc * bessel(KAISER_BETA * Math.sqrt(inside)) : 0;
      sum += weights[i];
    }
    for (let i = 0; i < weights.length; ++i) weights[i] /= sum;
    if (this.kept.size < MOST_PHASES) this.kept.set(this.phase, weights);
    return weights;
  }
}
