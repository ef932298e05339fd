// SPDX-License-Identifier: Apache-2.0
// The firmware in WebAssembly, asked as a board is over its wire: the requests of dev_requests.h.

const REQUEST = {
  banner: 0x01, reset: 0x02, audio: 0x03, decisions: 0x04, memory: 0x0a, selfTest: 0x0b,
  ticks: 0x0c, heard: 0x0d,
};
const RAW_FRAMES = 1, ROWS = 2, ALL_OUTPUTS = 1;
const MOST_SAMPLES = 512;
const ONE = 32768; // a probability of 1

class Device {
  // `microseconds` is a clock; throws where the browser cannot run the program.
  static async start(program, microseconds) {
    const device = new Device();
    const page = {
      microseconds,
      failed: (at) => { device.failure = device.text(at); },
    };
    const { instance } = await WebAssembly.instantiate(program, { page });
    device.calls = instance.exports;
    device.calls.web_start();
    device.about = device.banner();
    const { outputs, output_bytes } = device.about;
    device.classes = Number(output_bytes);
    device.values = (outputs || output_bytes).split(",").reduce((sum, n) => sum + Number(n), 0);
    device.channels = Number(device.about.channels);
    device.planes = Number(device.about.planes);
    return device;
  }

  get memoryBytes() {
    return this.calls.memory.buffer.byteLength;
  }

  text(at) {
    const bytes = new Uint8Array(this.calls.memory.buffer);
    return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }

  // The answer's payload, as a DataView on a copy of it.
  request(type, payload = new Uint8Array(0), flags = 0) {
    const buffer = this.calls.memory.buffer;
    new Uint8Array(buffer).set(payload, this.calls.web_payload());
    const length = this.calls.web_request(type, flags, payload.length);
    const at = this.calls.web_reply();
    const reply = buffer.slice(at, at + length);
    if (this.calls.web_refused()) {
      throw new Error(`the firmware refuses: ${new TextDecoder().decode(reply.slice(1))}`);
    }
    return new DataView(reply);
  }

  banner() {
    const lines = new TextDecoder().decode(this.request(REQUEST.banner)).trim().split("\n");
    return Object.fromEntries(lines.map((line) => [
      line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1),
    ]));
  }

  reset() {
    this.request(REQUEST.reset);
  }

  // Takes int16 samples, as many as there are: the frames that they completed, and how many there
  // are now of samples, frames and decisions.
  push(samples, wanted = ROWS) {
    const found = { amplitude: [], phase: [], rows: [] };
    const most = Math.min(MOST_SAMPLES, Number(this.about.hop_samples)); // one frame at most
    for (let at = 0; at < samples.length; at += most) {
      this.pushPiece(samples.subarray(at, at + most), wanted, found);
    }
    return found;
  }

  pushPiece(samples, wanted, found) {
    const payload = new DataView(new ArrayBuffer(2 * samples.length));
    samples.forEach((sample, i) => payload.setInt16(2 * i, sample, true));
    const reply = this.request(REQUEST.audio, new Uint8Array(payload.buffer), wanted);
    found.samples = reply.getUint32(0, true);
    found.frames = reply.getUint32(4, true);
    found.decisions = reply.getUint32(8, true);
    if (reply.getUint8(12) === 0) return;
    let at = 13;
    if (wanted & RAW_FRAMES) {
      for (let i = 0; i < this.channels; ++i, at += 2) {
        found.amplitude.push(reply.getUint16(at, true));
      }
      for (let i = 0; i < this.channels * (this.planes - 1); ++i, at += 2) {
        found.phase.push(reply.getInt16(at, true));
      }
    }
    if (wanted & ROWS) {
      found.rows.push(new Int8Array(reply.buffer, at, this.channels * this.planes));
    }
  }

  // The decisions from number `first` on that are kept and fit into one answer.
  decisions(first) {
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, first, true);
    const reply = this.request(REQUEST.decisions, payload, ALL_OUTPUTS);
    const size = 8 + 5 * this.values, found = [];
    for (let at = 0; at < reply.byteLength; at += size) {
      const sums = Array.from({ length: this.values }, (_, i) =>
        reply.getInt32(at + 8 + this.values + 4 * i, true));
      found.push({
        frame: reply.getUint32(at, true), label: reply.getUint8(at + 4),
        unsure: reply.getUint8(at + 5) !== 0, probability: reply.getUint16(at + 6, true),
        logits: Array.from(new Int8Array(reply.buffer, at + 8, this.values)), sums,
      });
    }
    return found;
  }

  // Decides on a stream that is shorter than a window; whether there was anything to decide on.
  decideEarly() {
    return this.calls.web_decide_early() !== 0;
  }

  // Microseconds in the frontend since the reset, and of the slowest frame.
  ticks() {
    const reply = this.request(REQUEST.ticks);
    return {
      frames: reply.getUint32(0, true), all: Number(reply.getBigUint64(4, true)),
      largest: reply.getUint32(12, true),
    };
  }

  heard() {
    const reply = this.request(REQUEST.heard);
    const [samples, energy, fullScale, values, clipped] = [0, 8, 16, 24, 32].map((at) =>
      Number(reply.getBigUint64(at, true)));
    return { samples, energy, fullScale, values, clipped };
  }

  selfTest() {
    const reply = this.request(REQUEST.selfTest);
    const text = new TextDecoder().decode(new Uint8Array(reply.buffer, 1));
    return { passed: reply.getUint8(0) !== 0, findings: text.trim().split("\n") };
  }
}
