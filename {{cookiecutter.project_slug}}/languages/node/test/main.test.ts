import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";

function start(port: string | number) {
  return spawn(process.execPath, ["src/main.ts"], { env: { ...process.env, PORT: String(port) } });
}

/** A port that is free. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}

for (const port of ["http", "0", "-1", "65536", "80 80", "0x50"]) {
  test(`PORT=${port} is refused`, async () => {
    const child = start(port);
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);

    assert.match(stderr, /^PORT is ".*": give it a number from 1 to 65535, for example \d+\n$/);
    assert.equal(code, 1);
  });
}

test("SIGTERM ends the server with code 0, and what it wrote is JSON", async () => {
  const child = start(await freePort());
  const messages: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    const { msg } = JSON.parse(line);
    messages.push(msg);
    if (msg === "listening") child.kill("SIGTERM");
  }

  assert.deepEqual(messages, ["listening", "draining"]);
  assert.equal(child.exitCode ?? (await once(child, "exit"))[0], 0);
});
