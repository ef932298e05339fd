// One sound through the firmware: what it got, what it made of it, what it decided, how long it took.

const MOST_SECONDS = 300; // of sound that are kept, to be saved
const SILENCE = { nothing: -85, quiet: -50, steady: 3, fewest: 5, lowest: -120, frame: 0.02 };

class Hearing {
  constructor(device, facts, what) {
    this.device = device;
    this.facts = facts;
    this.what = what;
    this.decisions = [];
    this.pieces = [];
    this.rows = [];
    this.samples = this.frames = this.kept = 0;
    this.busy = 0; // milliseconds
    this.inferences = [];
    this.levels = [];
    this.left = [];
    this.zeros = 0; // samples at the end that are nothing but 0
    device.reset();
  }

  // Takes int16 samples; returns the rows and decisions that they brought.
  push(samples) {
    const before = this.device.ticks().all, begin = performance.now();
    const found = this.device.push(samples);
    const spent = performance.now() - begin;
    this.busy += spent;
    this.samples = found.samples ?? this.samples;
    this.frames = found.frames ?? this.frames;
    this.keep(samples, found.rows);
    this.measure(samples);
    const fresh = (found.decisions ?? 0) - this.decisions.length;
    if (fresh <= 0) return { rows: found.rows, decisions: [] };
    const inferring = spent - (this.device.ticks().all - before) / 1000;
    this.inferences.push(Math.max(0, inferring / fresh));
    return { rows: found.rows, decisions: this.taken() };
  }

  // Decides on a sound that was shorter than a window.
  end() {
    return this.decisions.length === 0 && this.device.decideEarly() ? this.taken(true) : [];
  }

  taken(early = false) {
    const found = this.device.decisions(this.decisions.length)
      .map((decision) => this.described(decision, early));
    this.decisions.push(...found);
    return found;
  }

  described(decision, early) {
    const { classes, hopSamples, windowSamples, sampleRate, vad } = this.facts;
    const samples = (decision.frame - 1) * hopSamples + windowSamples;
    const windows = Math.min(this.decisions.length + 1, this.facts.smoothing);
    const name = classes[decision.label], probability = decision.probability / ONE;
    const at = samples / sampleRate;
    const title = `${seconds(at)}: ${name}, ${percent(probability)}${decision.unsure ? ", unsure" : ""}`;
    const further = vad && decision.sums.slice(classes.length)
      .map((sum) => vad.scale * (sum / windows - vad.zeroPoint));
    return {
      ...decision, name, at, early, probability, title, further, silent: this.silent(at),
      shares: this.shares(decision, windows),
    };
  }

  // The label's is the device's; the others share the rest by their weights.
  shares({ sums, label, probability }, windows) {
    const { classes, multiplier } = this.facts;
    const weights = classes.map((_, i) => i === label ? 0
      : 2 ** (-(sums[label] - sums[i]) / windows * multiplier / 2 ** 24));
    const first = probability / ONE, rest = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight, i) => i === label ? first
      : rest > 0 ? Math.min(first, weight / rest * (1 - first)) : 0);
  }

  keep(samples, rows) {
    this.pieces.push(samples.slice());
    this.rows.push(...rows);
    this.kept += samples.length;
    const most = MOST_SECONDS * this.facts.sampleRate;
    while (this.kept - this.pieces[0].length > most) this.kept -= this.pieces.shift().length;
    const mostRows = Math.ceil(most / this.facts.hopSamples);
    if (this.rows.length > 2 * mostRows) this.rows = this.rows.slice(-mostRows);
  }

  // Levels of frames of 20 ms, without their mean, as the host tells silence by.
  measure(samples) {
    const size = Math.max(1, Math.round(SILENCE.frame * this.facts.sampleRate));
    for (const sample of samples) {
      this.zeros = sample === 0 ? this.zeros + 1 : 0;
      this.left.push(sample / 32768);
      if (this.left.length < size) continue;
      const mean = this.left.reduce((sum, x) => sum + x, 0) / size;
      const power = this.left.reduce((sum, x) => sum + (x - mean) ** 2, 0) / size;
      this.levels.push(10 * Math.log10(Math.max(power, 10 ** (SILENCE.lowest / 10))));
      this.left = [];
    }
    const kept = Math.ceil(2 * this.facts.windowSeconds / SILENCE.frame) + 100;
    if (this.levels.length > 2 * kept) {
      this.forgotten = (this.forgotten ?? 0) + this.levels.length - kept;
      this.levels = this.levels.slice(-kept);
    }
  }

  get level() {
    return this.levels.length > 0 ? this.levels[this.levels.length - 1] : null;
  }

  // Whether nothing was said in the window that ends there, so that a label means nothing.
  silent(at) {
    if (this.facts.silenceHasLabel) return false;
    const forgotten = this.forgotten ?? 0;
    const end = Math.floor(at / SILENCE.frame) - forgotten;
    const begin = Math.floor((at - this.facts.windowSeconds) / SILENCE.frame) - forgotten;
    const heard = this.levels.slice(Math.max(0, begin), Math.max(0, end)).sort((a, b) => a - b);
    if (heard.length === 0) return false;
    const loud = percentile(heard, 0.95), floor = percentile(heard, 0.1);
    const steady = heard.length >= SILENCE.fewest && loud - floor < SILENCE.steady;
    return loud < SILENCE.nothing || (steady && loud < SILENCE.quiet);
  }

  get inferenceMs() {
    const sorted = this.inferences.slice(-101).sort((a, b) => a - b);
    return sorted.length > 0 ? percentile(sorted, 0.5) : null;
  }

  get frameMs() {
    const { all, frames } = this.device.ticks();
    return frames > 0 ? all / frames / 1000 : null;
  }

  // Int16 samples that the firmware got, the last of them where there were many.
  get sound() {
    const samples = new Int16Array(this.kept);
    let at = 0;
    for (const piece of this.pieces) {
      samples.set(piece, at);
      at += piece.length;
    }
    return samples;
  }

  toJson() {
    const { hashes, sampleRate, classes } = this.facts;
    return {
      schema: "edgeser.web-heard/1", what: this.what, ...hashes, sample_rate: sampleRate,
      samples: this.samples, frames: this.frames, classes,
      decisions: this.decisions.map((decision) => ({
        seconds: decision.at, frame: decision.frame, label: decision.name,
        probability_q15: Math.round(decision.probability * ONE), unsure: decision.unsure,
        silent: decision.silent, repeated: decision.early, logits: decision.logits,
        sums: decision.sums,
      })),
    };
  }
}

function percentile(sorted, share) {
  const place = share * (sorted.length - 1), below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

// A 16-bit mono WAV file of samples.
function wavOf(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, word) => [...word].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, sample, true));
  return view.buffer;
}
