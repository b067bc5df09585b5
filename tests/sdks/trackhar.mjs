// node trackhar.mjs FILE.har VALUES.json: what TrackHAR finds of the values, as it is documented to be used.
import fs from "node:fs";
import { processRequest, unhar } from "trackhar";

const [archive, file] = process.argv.slice(2);
const har = JSON.parse(fs.readFileSync(archive, "utf8").replace(/^\uFEFF/, ""));
const indicatorValues = JSON.parse(fs.readFileSync(file, "utf8"));
const found = [];
let spent = 0; // processor time in microseconds, all threads of Node together
for (const [index, request] of unhar(har).entries()) {
  const began = process.cpuUsage();
  let findings;
  try {
    findings = processRequest(request, { indicatorValues });
  } catch {
    findings = [];
  }
  const used = process.cpuUsage(began);
  spent += used.user + used.system;
  const seen = JSON.stringify((findings ?? []).map((one) => [one.property, String(one.value)]));
  found.push([String(har.log.entries[index]._id ?? index), seen]);
}
console.log(JSON.stringify({ found, ms_per_request: spent / 1e3 / Math.max(1, found.length) }));
