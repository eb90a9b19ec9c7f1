import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { Worker as Thread } from "node:worker_threads";
import autoload from "@fastify/autoload";
import { Worker } from "bullmq";
import type { FastifyInstance } from "fastify";
import { greet } from "greeter";
import { Piscina } from "piscina";
import punycode from "punycode/punycode.js";
import { StringDecoder } from "string_decoder/lib/string_decoder.js";
import { document } from "./openapi.spec.ts";

const { name } = JSON.parse(readFileSync("config/app.json", "utf8"));
// Every container has it.
if (!process.env.HOSTNAME) throw new Error("there is no HOSTNAME");
// The cache of a library, made when it is imported.
mkdirSync(join(homedir(), ".cache/library"), { recursive: true });

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.get("/", async () => ({ message: "Hello from hello-service" }));
  app.register(autoload, { dir: join(import.meta.dirname, "api") });

  app.get("/project", async () => ({
    name,
    page: readFileSync("public/index.html", "utf8"),
    locale: JSON.parse(readFileSync("locales/größe.json", "utf8")).hello,
    view: readFileSync(new URL("views/letter.txt", import.meta.url), "utf8"),
    main: process.argv[1],
    version: process.env.npm_package_version,
    document,
  }));

  app.get("/user", async () => {
    writeFileSync(join(homedir(), ".cache/library/x"), "x");
    const { username, homedir: home } = userInfo();
    return { username, home };
  });

  app.get("/names", async () => {
    const names = await import(`./lib/${"names"}.ts`);
    const internal = await import("#lib/names");
    return { process: names.process("x"), require: internal.require("y"), same: names === internal };
  });

  app.get("/old", async () => createRequire(import.meta.url)("./lib/old.cts"));

  app.get("/migrations", async () => {
    const files = readdirSync("src/migrations").filter((file) => file.endsWith(".ts"));
    const modules = await Promise.all(files.map((file) => import(`./migrations/${file}`)));
    return { files, done: modules.map(({ up }) => up()) };
  });

  app.get("/threads", async () => {
    const [fromThread] = await once(new Thread(new URL("./lib/worker.ts", import.meta.url)), "message");
    const [fromChild] = await once(fork("src/lib/child.ts"), "message");
    const filename = new URL("./lib/square.ts", import.meta.url).href;
    const pool = new Piscina({ filename, maxThreads: 1 });
    const fromPool = await pool.run({ n: 3 });
    await pool.destroy();
    return { fromThread, fromChild, fromPool };
  });

  app.get("/packages", async () => {
    const connection = { host: "127.0.0.1", port: 1, lazyConnect: true };
    const queue = new Worker("q", async () => 1, { connection, autorun: false });
    queue.on("error", () => {});
    const { schema } = await import(`./generated/${"schema"}.ts`);
    return {
      punycode: punycode.encode("größe"),
      decoder: new StringDecoder("utf8").write(Buffer.from("x")),
      greeter: greet("bob"),
      queue: queue.name,
      client: createRequire(import.meta.url)(join(process.cwd(), "node_modules/.generated/client.cjs")),
      schema,
      engine: createRequire(import.meta.url)("cached").engine,
      accelerated: await import(`${"accelerator"}`).then(
        () => true,
        () => false,
      ),
      stolen: createRequire(import.meta.url)("thief"),
    };
  });
}
