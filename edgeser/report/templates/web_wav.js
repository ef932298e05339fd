// WAV files, read as the host reads them: 16-bit mono as it is, all else as the mean of its channels
// with full scale 1.0.

class Refusal extends Error {}

const LARGEST_FLOAT = 32; // above that, floats are 16-bit numbers
const PCM = 1, FLOAT = 3, EXTENSIBLE = 0xfffe;
const READERS = {
  "1:8": (view, at) => (view.getUint8(at) - 128) / 128,
  "1:16": (view, at) => view.getInt16(at, true) / 32768,
  "1:24": (view, at) => (view.getUint16(at, true) | (view.getInt8(at + 2) << 16)) / 8388608,
  "1:32": (view, at) => view.getInt32(at, true) / 2147483648,
  "3:32": (view, at) => view.getFloat32(at, true),
  "3:64": (view, at) => view.getFloat64(at, true),
};

function nameAt(view, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

// Whether a writer to a pipe, or one that was stopped, left such a number of bytes.
function isUnknown(length) {
  return length === 0 || (length >= 0x7ffff000 && length <= 0x80000000) || length >= 0xffffffe0;
}

// Samples and rate of a WAV file, `null` of what is none or is coded in another way.
function readWav(buffer) {
  const view = new DataView(buffer);
  if (view.byteLength < 12 || nameAt(view, 0) !== "RIFF" || nameAt(view, 8) !== "WAVE") return null;
  let form = null;
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = nameAt(view, at), length = view.getUint32(at + 4, true), begin = at + 8;
    if (name === "fmt " && length >= 16 && begin + 16 <= view.byteLength) {
      form = {
        coding: view.getUint16(begin, true), channels: view.getUint16(begin + 2, true),
        rate: view.getUint32(begin + 4, true), block: view.getUint16(begin + 12, true),
        bits: view.getUint16(begin + 14, true),
      };
      if (form.coding === EXTENSIBLE && length >= 40 && begin + 26 <= view.byteLength) {
        form.coding = view.getUint16(begin + 24, true);
      }
    }
    if (name === "data") return form && samplesOf(view, begin, length, form);
    at = begin + length + (length & 1);
  }
  throw new Refusal("it is a WAV file without samples");
}

function samplesOf(view, begin, length, { coding, channels, rate, block, bits }) {
  const read = READERS[`${coding}:${bits}`];
  if (!read || channels < 1 || block !== channels * bits / 8) return null;
  const there = view.byteLength - begin;
  if (!isUnknown(length) && length > there) {
    throw new Refusal(`it is cut short: ${length} bytes of samples by its header, ${there} there`);
  }
  const count = Math.floor((isUnknown(length) ? there : length) / block);
  if (coding === PCM && bits === 16 && channels === 1) {
    const samples = new Int16Array(count);
    for (let i = 0; i < count; ++i) samples[i] = view.getInt16(begin + 2 * i, true);
    return { samples, rate, whole: true };
  }
  const samples = new Float64Array(count);
  for (let i = 0; i < count; ++i) {
    let sum = 0;
    for (let c = 0; c < channels; ++c) sum += read(view, begin + i * block + c * bits / 8);
    samples[i] = sum / channels;
  }
  if (coding === FLOAT) refuseOddFloats(samples);
  return { samples, rate, whole: false };
}

function refuseOddFloats(samples) {
  if (!samples.every(Number.isFinite)) throw new Refusal("it holds numbers that are none");
  if (samples.some((value) => Math.abs(value) > LARGEST_FLOAT)) {
    throw new Refusal("its samples are 16-bit numbers written as floats");
  }
}
