// Runs beside the page, where the microphone's samples come: mixes, resamples, hands pieces on.

registerProcessor("microphone", class extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate, samples } }) {
    super();
    this.resampler = new Resampler(sampleRate, rate);
    this.piece = new Int16Array(samples);
    this.count = 0;
  }

  process([channels]) {
    if (channels.length === 0) return true;
    const mono = new Float64Array(channels[0].length);
    for (const channel of channels) {
      for (let i = 0; i < mono.length; ++i) mono[i] += channel[i] / channels.length;
    }
    for (const value of this.resampler.push(mono)) {
      this.piece[this.count++] = toInt16(value);
      if (this.count === this.piece.length) {
        this.port.postMessage(this.piece, [this.piece.buffer]);
        this.piece = new Int16Array(this.count);
        this.count = 0;
      }
    }
    return true;
  }
});
