// After device.js: pushes recordings into the firmware and writes down all that it says.
const fs = require("fs");

async function main() {
  const { program, pieces, recordings } = JSON.parse(fs.readFileSync(0, "utf8"));
  const device = await Device.start(fs.readFileSync(program), () => performance.now() * 1000);
  const answers = recordings.map((given) => {
    const samples = Int16Array.from(given);
    const found = { amplitude: [], phase: [], rows: [], decisions: [] };
    device.reset();
    for (let at = 0, turn = 0; at < samples.length; ++turn) {
      const piece = samples.subarray(at, at + pieces[turn % pieces.length]);
      const brought = device.push(piece, RAW_FRAMES | ROWS);
      found.amplitude.push(...brought.amplitude);
      found.phase.push(...brought.phase);
      brought.rows.forEach((row) => found.rows.push(...row));
      found.decisions.push(...device.decisions(found.decisions.length));
      at += piece.length;
    }
    found.ticks = device.ticks();
    found.heard = device.heard();
    found.early = device.decideEarly() ? device.decisions(0) : [];
    return found;
  });
  let refused = "";
  try {
    device.request(0x42);
  } catch (error) {
    refused = error.message;
  }
  const self = device.selfTest();
  process.stdout.write(JSON.stringify({ about: device.about, answers, self, refused }));
}

main().catch((error) => {
  process.stderr.write(String(error.stack));
  process.exit(1);
});
