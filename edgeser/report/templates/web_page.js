// The page: a microphone or a file into the firmware, and what comes out of it onto the screen.

const facts = JSON.parse(document.getElementById("facts").textContent);
const $ = (id) => document.getElementById(id);
const LARGEST_FILE = 200e6, SLICE_MS = 12, MOST_COLUMNS = 3000, LOGGED = 60, SECONDS_SHOWN = 10;

let device, planes, ribbon, bars;
let hearing = null; // what is or was heard
let microphone = null; // while it is listened to: { context, stream, stop }
let turn = 0; // of what was begun; whoever is of an earlier turn stops

function status(text) {
  $("status").textContent = text;
}

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = text === "";
}

function begin(what, columns) {
  problem("");
  hearing = new Hearing(device, facts, what);
  planes.begin(columns);
  ribbon.begin();
  bars.show(null);
  $("log").replaceChildren();
  $("none").hidden = false;
  showDecision(null);
  for (const id of ["save-sound", "save-decisions"]) $(id).disabled = true;
  return ++turn;
}

// What the firmware makes of samples, onto the screen; drawn when the browser draws next.
function take(samples) {
  const { rows, decisions } = hearing.push(samples);
  planes.push(rows);
  show(decisions);
}

function show(decisions) {
  for (const decision of decisions) {
    ribbon.push(decision);
    addToLog(decision);
  }
  if (decisions.length > 0) showDecision(decisions[decisions.length - 1]);
  requestAnimationFrame(draw);
}

function draw() {
  if (!hearing) return;
  planes.draw();
  ribbon.draw(planes.first, planes.columns);
  const { hopSamples, sampleRate } = facts, second = hopSamples / sampleRate;
  $("from").textContent = seconds(planes.first * second);
  $("to").textContent = seconds((planes.first + planes.columns) * second);
  const level = hearing.level;
  $("level").value = level === null ? -90 : level;
  $("level-text").textContent = level === null ? "–" : `${level.toFixed(0)}\u00a0dBFS`;
  const frame = hearing.frameMs, inference = hearing.inferenceMs;
  $("frame-ms").textContent = frame === null ? "–" : milliseconds(frame);
  $("inference-ms").textContent = inference === null ? "–" : milliseconds(inference);
  const heard = hearing.samples / sampleRate;
  $("speed").textContent = heard > 0 ? `${(100 * hearing.busy / 1000 / heard).toPrecision(2)}\u00a0%` : "–";
  for (const id of ["save-sound", "save-decisions"]) $(id).disabled = hearing.samples === 0;
}

function showDecision(decision) {
  $("answer").className = decision === null ? "waiting" : decision.unsure ? "unsure" : "sure";
  $("label").textContent = decision === null ? "nothing yet" : decision.unsure ? "unsure" : decision.name;
  $("sureness").textContent = decision === null ? firstDecision()
    : `${decision.unsure ? `most likely ${decision.name}, ` : ""}${percent(decision.probability)}`
      + `${decision.silent ? "; nothing is said, so the label means nothing" : ""}`
      + `${decision.early ? "; shorter than a window: its frames are repeated to fill one" : ""}`;
  $("vad").textContent = decision && decision.further
    ? facts.vad.names.map((name, i) => `${name} ${decision.further[i].toFixed(2)}`).join(", ") : "";
  bars.show(decision);
}

function firstDecision() {
  const again = seconds(facts.hopFrames * facts.hopSamples / facts.sampleRate);
  return `the first decision falls after ${seconds(facts.windowSeconds)} of sound, then one every ${again}`;
}

function addToLog(decision) {
  const row = element("tr", "", decision.unsure ? "unsure" : "");
  const said = decision.unsure ? `unsure (${decision.name})` : decision.name;
  row.append(
    element("td", seconds(decision.at), "n"), element("td", said),
    element("td", percent(decision.probability), "n"),
    element("td", decision.silent ? "nothing said" : ""),
  );
  $("log").prepend(row);
  while ($("log").children.length > LOGGED) $("log").lastElementChild.remove();
  $("none").hidden = true;
}

// ---- a file

async function openFile(file) {
  stopMicrophone();
  const mine = ++turn;
  problem("");
  const name = file.name.length > 60 ? `${file.name.slice(0, 57)}...` : file.name;
  try {
    if (file.size === 0) throw new Refusal("it is empty");
    if (file.size > LARGEST_FILE) throw new Refusal("it is larger than 200 MB");
    status(`Reading ${name} …`);
    const { samples, how } = await samplesOfFile(await bytesOf(file));
    if (mine === turn) await hearFile(name, samples, how);
  } catch (error) {
    status("");
    problem(`${name} cannot be used: ${error instanceof Refusal ? error.message : reason(error)}.`);
  }
}

async function bytesOf(file) {
  try {
    return await file.arrayBuffer();
  } catch {
    throw new Refusal("this browser cannot read it; a folder is no file");
  }
}

// int16 samples at the firmware's rate, and a sentence on how they came about.
async function samplesOfFile(buffer) {
  const rate = facts.sampleRate, wav = readWav(buffer);
  if (wav === null) return decoded(buffer);
  if (wav.samples.length === 0) throw new Refusal("it holds no samples");
  if (wav.rate === rate) {
    const samples = wav.whole ? wav.samples : Int16Array.from(wav.samples, toInt16);
    return { samples, how: `${hertz(rate)}, taken to the bit` };
  }
  if (wav.rate < 4000 || wav.rate > 192000) throw new Refusal(`its rate is ${hertz(wav.rate)}, not 4 to 192 kHz`);
  const scaled = wav.whole ? Float64Array.from(wav.samples, (sample) => sample / 32768) : wav.samples;
  const resampler = new Resampler(wav.rate, rate);
  const samples = Int16Array.from([...resampler.push(scaled), ...resampler.end()], toInt16);
  return { samples, how: `resampled from ${hertz(wav.rate).slice(0, -3)} to ${hertz(rate)} by this page` };
}

async function decoded(buffer) {
  const rate = facts.sampleRate;
  if (typeof OfflineAudioContext === "undefined") {
    throw new Refusal("it is no plain WAV file, and this browser decodes nothing else");
  }
  let found;
  try {
    found = await new OfflineAudioContext(1, 1, rate).decodeAudioData(buffer);
  } catch {
    throw new Refusal("it is no audio that this browser can decode");
  }
  if (found.length === 0) throw new Refusal("it holds no samples");
  const mono = new Float64Array(found.length);
  for (let c = 0; c < found.numberOfChannels; ++c) {
    const channel = found.getChannelData(c);
    for (let i = 0; i < mono.length; ++i) mono[i] += channel[i] / found.numberOfChannels;
  }
  return { samples: Int16Array.from(mono, toInt16), how: `decoded to ${hertz(rate)} by this browser` };
}

async function hearFile(name, samples, how) {
  const { hopSamples, sampleRate, windowFrames, windowSamples } = facts;
  const frames = 1 + Math.floor((samples.length - windowSamples) / hopSamples);
  const mine = begin(name, Math.min(MOST_COLUMNS, Math.max(windowFrames, frames)));
  const length = seconds(samples.length / sampleRate), piece = Math.max(64, hopSamples);
  for (let at = 0, pause = performance.now(); at < samples.length; at += piece) {
    take(samples.subarray(at, at + piece));
    if (performance.now() - pause < SLICE_MS) continue;
    status(`${name}: ${Math.floor(100 * at / samples.length)} % of ${length}`);
    await new Promise((done) => setTimeout(done));
    if (mine !== turn) return;
    pause = performance.now();
  }
  show(hearing.end());
  const count = hearing.decisions.length;
  status(`${name}: ${length}, ${how}; ${count} ${count === 1 ? "decision" : "decisions"} in `
    + `${milliseconds(hearing.busy)} of computing.`);
  if (hearing.frames === 0) {
    problem(`${name} is shorter than one frame of the features, ${seconds(facts.windowSamples / sampleRate)}: `
      + "there is nothing to decide on.");
  }
  document.body.dataset.done = String(Number(document.body.dataset.done ?? 0) + 1);
}

// ---- the microphone

const MICROPHONE_SENTENCES = {
  NotAllowedError: "The browser gives this page no microphone: permission was refused. Allow it beside "
    + "the address, or in the browser's settings, and press the button again. A dropped recording works without.",
  NotFoundError: "This computer has no microphone that the browser can see. Connect one and press the "
    + "button again. A dropped recording works without.",
  NotReadableError: "The microphone is there but cannot be read: another program may hold it, or the "
    + "system forbids it.",
};

async function listen() {
  const media = navigator.mediaDevices;
  if (!media || !media.getUserMedia || typeof AudioWorkletNode === "undefined") {
    problem("This browser gives the page no microphone here: open the page from a file or over https, "
      + "in a browser with AudioWorklet. A dropped recording works without.");
    return;
  }
  const mine = begin("microphone", Math.ceil(SECONDS_SHOWN * facts.sampleRate / facts.hopSamples));
  status("Waiting for the microphone …");
  $("listen").disabled = true;
  let stream = null, context = null;
  try {
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    stream = await media.getUserMedia({ audio });
    context = new AudioContext();
    await followed(context, stream, mine);
  } catch (error) {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    if (context) context.close();
    status("");
    problem(MICROPHONE_SENTENCES[error.name] ?? `The microphone cannot be used: ${reason(error)}.`);
  } finally {
    $("listen").disabled = false;
  }
}

async function followed(context, stream, mine) {
  // Not by a blob: a page that is a file may not load a worklet from one.
  const code = $("sound-code").textContent + $("worklet-code").textContent;
  await context.audioWorklet.addModule(`data:text/javascript;base64,${btoa(code)}`);
  const rate = facts.sampleRate, samples = Math.min(512, facts.hopSamples);
  const node = new AudioWorkletNode(context, "microphone", { processorOptions: { rate, samples } });
  node.port.onmessage = ({ data }) => {
    if (mine !== turn) return;
    guarded(() => take(data));
    tellSilence();
  };
  context.createMediaStreamSource(stream).connect(node);
  stream.getTracks().forEach((track) => {
    track.onended = () => {
      if (mine !== turn) return;
      stopMicrophone();
      problem("The microphone went away: it was disconnected, or its permission was taken back.");
    };
  });
  await context.resume();
  if (mine !== turn) { // something else was opened meanwhile
    stream.getTracks().forEach((track) => { track.onended = null; track.stop(); });
    context.close();
    return;
  }
  microphone = { context, stream };
  $("listen").textContent = "Stop listening";
  $("listen").setAttribute("aria-pressed", "true");
  const from = context.sampleRate;
  status(from === rate ? `Listening at ${hertz(rate)}, which is the microphone's own rate here.`
    : `Listening: ${hertz(from)} from this browser, resampled to ${hertz(rate)} by an AudioWorklet of this page.`);
}

function tellSilence() {
  if (hearing.zeros < 2 * facts.sampleRate) return;
  problem("The microphone gives nothing but zeros: it is muted, or the system keeps it from the browser.");
  hearing.zeros = -Infinity;
}

function stopMicrophone() {
  if (microphone === null) return;
  const { context, stream } = microphone;
  microphone = null;
  turn += 1;
  stream.getTracks().forEach((track) => { track.onended = null; track.stop(); });
  context.close();
  $("listen").textContent = "Listen to the microphone";
  $("listen").setAttribute("aria-pressed", "false");
  const count = hearing.decisions.length;
  status(`Stopped after ${seconds(hearing.samples / facts.sampleRate)}, ${count} ${count === 1 ? "decision" : "decisions"}.`);
}

// ---- what goes wrong

function reason(error) {
  if (device && device.failure) return `the firmware stopped: ${device.failure}`;
  return String(error && error.message || error).replace(/[.\s]+$/, "");
}

function guarded(work) {
  try {
    work();
  } catch (error) {
    stopMicrophone();
    problem(`The firmware failed: ${reason(error)}. Load the page again.`);
  }
}

function save(name, data, type) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([data], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// ---- the beginning

function listenToButtons() {
  $("listen").onclick = () => (microphone ? stopMicrophone() : listen());
  $("file").onchange = () => {
    const [file] = $("file").files;
    if (file) openFile(file);
    $("file").value = ""; // the same file may be opened again
  };
  $("open").onclick = () => $("file").click();
  $("save-sound").onclick = () => save("heard.wav", wavOf(hearing.sound, facts.sampleRate), "audio/wav");
  $("save-decisions").onclick = () =>
    save("heard.json", JSON.stringify(hearing.toJson(), null, 2), "application/json");
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const files = event.dataTransfer.files;
    if (files.length === 0) problem("What was dropped is no file: drop a recording.");
    else openFile(files[0]).then(() => {
      if (files.length > 1) status(`${$("status").textContent} Of ${files.length} files the first was taken.`);
    });
  });
}

async function start() {
  if (typeof WebAssembly === "undefined") {
    problem("This browser has no WebAssembly, or it is switched off: the firmware is compiled to it, so "
      + "nothing can run here. Any current browser has it.");
    return;
  }
  const packed = atob($("program").textContent.trim());
  try {
    const program = Uint8Array.from(packed, (character) => character.charCodeAt(0));
    device = await Device.start(program, () => performance.now() * 1000);
  } catch (error) {
    problem(`This browser cannot run the firmware's WebAssembly: ${reason(error)}.`);
    return;
  }
  const self = device.selfTest();
  $("self-test").textContent = `${self.passed ? "passed" : "failed"}: ${self.findings.join(", ").replaceAll("=", " ")}`;
  if (!self.passed) {
    problem("The firmware's self-test fails in this browser: its model does not give the output that it "
      + "must. Believe nothing that it decides here.");
  }
  $("memory").textContent = bytes(device.memoryBytes);
  planes = new Planes(facts, [...document.querySelectorAll("figure.plane")]);
  ribbon = new Ribbon(facts, $("ribbon"));
  bars = new Bars(facts, $("bars"));
  showDecision(null);
  listenToButtons();
  for (const id of ["listen", "open"]) $(id).disabled = false;
  status("Ready.");
  document.body.dataset.ready = "yes";
}

start();
