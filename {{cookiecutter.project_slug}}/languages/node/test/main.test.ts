import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";

function start(port: string | number, ...args: string[]) {
  const env = { ...process.env, PORT: String(port) };
  return spawn(process.execPath, ["src/main.ts", ...args], { env });
}

async function run(port: string | number, ...args: string[]) {
  const child = start(port, ...args);
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { stderr, code };
}

/** A server that answers every request with `status`, on a port of its own. */
async function answering(status: number) {
  const server = createServer((_request, response) => response.writeHead(status).end());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

for (const port of ["http", "0", "-1", "65536", "80 80", "0x50"]) {
  test(`PORT=${port} is refused`, async () => {
    const { stderr, code } = await run(port);

    assert.match(stderr, /^PORT is ".*": give it a number from 1 to 65535, for example \d+\n$/);
    assert.equal(code, 1);
  });
}

test("an unknown argument is refused", async () => {
  const { stderr, code } = await run(8080, "helthcheck");

  assert.match(stderr, /^usage: /);
  assert.equal(code, 1);
});

test("the health check tells a healthy server from a broken one and from none", async () => {
  const healthy = await answering(200);
  const broken = await answering(500);
  try {
    assert.deepEqual(await run(healthy.port, "healthcheck"), { stderr: "", code: 0 });
    const unhealthy = await run(broken.port, "healthcheck");
    assert.match(unhealthy.stderr, /^unhealthy: .*answered 500\n$/);
    assert.equal(unhealthy.code, 1);
  } finally {
    healthy.server.close();
    broken.server.close();
  }
  await once(healthy.server, "close");
  const absent = await run(healthy.port, "healthcheck");
  assert.match(absent.stderr, /^unhealthy: .*ECONNREFUSED/);
  assert.equal(absent.code, 1);
});

test("SIGTERM ends the server with code 0, and what it wrote is JSON", async () => {
  const { server, port } = await answering(200);
  await once(server.close(), "close");
  const child = start(port);
  const messages: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    const { msg } = JSON.parse(line);
    messages.push(msg);
    if (msg === "listening") child.kill("SIGTERM");
  }

  assert.deepEqual(messages, ["listening", "draining"]);
  assert.equal(child.exitCode ?? (await once(child, "exit"))[0], 0);
});
