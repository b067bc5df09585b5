// Loaded before an SDK: every connection that Node opens goes through the capture to the server on loopback, whatever
// host was asked for. The SDK itself stays as it was published.
const http = require("node:http");
const https = require("node:https");
const net = require("node:net");
const tls = require("node:tls");

const { CAPTURE_PORT, SERVER_PORT, SDK_NAME } = process.env;

function connect(done) {
  const socket = net.connect(Number(CAPTURE_PORT), "127.0.0.1");
  const target = `127.0.0.1:${SERVER_PORT}`;
  socket.once("error", done);
  socket.once("connect", () => socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`));
  socket.once("data", () => {
    socket.removeListener("error", done);
    const secured = tls.connect({ socket, servername: `${SDK_NAME}.example.test`, ALPNProtocols: ["http/1.1"] });
    secured.once("error", done);
    secured.once("secureConnect", () => {
      secured.removeListener("error", done);
      done(null, secured);
    });
  });
}

for (const agent of [http.Agent, https.Agent]) {
  agent.prototype.createConnection = (options, done) => void connect(done);
}

void globalThis.Headers; // loads fetch, and with it the dispatcher that is replaced here
const dispatcher = Symbol.for("undici.globalDispatcher.1");
const Dispatcher = globalThis[dispatcher]?.constructor;
if (Dispatcher) globalThis[dispatcher] = new Dispatcher({ connect: (options, done) => connect(done) });
