import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createApp, drain, listen } from "../src/app.ts";

const greeting = "Hello from {{ cookiecutter.project_slug }}";

const endpoints = [
  { path: "/", status: 200, body: { message: greeting } },
  { path: "/healthz", status: 200, body: { status: "ok" } },
  { path: "/healthz", draining: true, status: 200, body: { status: "ok" } },
  { path: "/readyz", status: 200, body: { status: "ready" } },
  { path: "/readyz", draining: true, status: 503, body: { status: "draining" } },
  { path: "/nothing", status: 404, body: { error: "not found" } },
];

for (const { path, draining = false, status, body } of endpoints) {
  test(`${path} answers ${status}${draining ? " while draining" : ""}`, async () => {
    const app = createApp(new PassThrough());
    app.draining = draining;

    const response = await app.inject(path);

    assert.equal(response.statusCode, status);
    assert.match(String(response.headers["content-type"]), /^application\/json/);
    assert.deepEqual(response.json(), body);
  });
}

test("each request is logged as one line of JSON", async () => {
  const out = new PassThrough();
  const app = createApp(out);

  await app.inject("/nothing?token=secret");
  out.end();

  const { time, duration_ms, ...line } = JSON.parse(await text(out));
  assert.deepEqual(line, {
    level: "INFO",
    msg: "request",
    method: "GET",
    path: "/nothing",
    status: 404,
  });
  assert.equal(new Date(time).toISOString(), time);
  assert.equal(typeof duration_ms, "number");
});

test("an error is logged, and its message does not leave the server", async () => {
  const out = new PassThrough();
  const app = createApp(out);
  app.get("/broken", async () => {
    throw new Error("the password is swordfish");
  });

  const response = await app.inject("/broken");
  out.end();

  assert.equal(response.statusCode, 500);
  assert.deepEqual(response.json(), { error: "internal server error" });
  assert.match(await text(out), /"level":"ERROR".*swordfish/);
});

test("a request in flight is answered on shutdown", async () => {
  const app = createApp(new PassThrough());
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  app.get("/slow", async () => {
    started.resolve();
    await finish.promise;
    return "in full";
  });
  await listen(app, 0);
  const { port } = app.server.address() as AddressInfo;

  const answered = once(get({ port, path: "/slow" }), "response") as Promise<[IncomingMessage]>;
  await started.promise;
  const drained = drain(app);
  while (app.server.listening) await new Promise(setImmediate);
  finish.resolve();

  const [response] = await answered;
  assert.equal(await text(response), "in full");
  await drained;
});

test("draining does not wait for ever", async (t) => {
  const out = new PassThrough();
  const app = createApp(out);
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  app.get("/endless", async () => {
    started.resolve();
    await finish.promise;
  });
  await listen(app, 0);
  const { port } = app.server.address() as AddressInfo;

  const request = get({ port, path: "/endless" }).on("error", () => {});
  t.after(() => {
    request.destroy();
    finish.resolve();
  });
  await started.promise;
  await drain(app, 10);
  out.end();

  assert.match(await text(out), /"requests":1,.*still in flight/);
});

test("a request that arrives while draining is answered, and the last one of its connection", async () => {
  const app = createApp(new PassThrough());
  await listen(app, 0);
  const { port } = app.server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async () => {
    const [response] = await once(get({ port, path: "/", agent }), "response");
    await text(response);
    return response.headers.connection;
  };

  assert.equal(await ask(), "keep-alive");
  const drained = drain(app);
  assert.equal(await ask(), "close");
  await drained;
});

test("a method that a path does not have is 405", async () => {
  const app = createApp(new PassThrough());

  const response = await app.inject({ method: "POST", url: "/", body: "text" });

  assert.equal(response.statusCode, 405);
  assert.equal(response.headers.allow, "GET, HEAD");
  assert.deepEqual(response.json(), { error: "method not allowed" });
});

test("a line of the log is at most 8 KiB long", async () => {
  const out = new PassThrough();
  const app = createApp(out);

  app.log.info({ long: "ü\n".repeat(20_000) }, "kept");
  await app.inject(`/${"a".repeat(10_000)}`);
  out.end();

  const lines = (await text(out)).trim().split("\n");
  assert.ok(lines.every((line) => Buffer.byteLength(line) <= 8192));
  const [first, second] = lines.map((line) => JSON.parse(line));
  assert.ok(first.long.endsWith("…[cut]"));
  assert.equal(first.msg, "kept");
  assert.equal(second.path.length, 1024);
  assert.equal(second.path_length, 10_001);
});
