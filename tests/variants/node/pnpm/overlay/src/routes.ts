import { createRequire } from "node:module";
import argon2 from "argon2";
import type { FastifyInstance } from "fastify";
import { greet } from "greeter";
// @ts-expect-error: it has no types
import { words } from "words";

/** Registers every endpoint; a new one goes here. */
export async function routes(app: FastifyInstance): Promise<void> {
  app.get("/", async () => ({ message: "Hello from hello-service" }));

  app.get("/workspace", async () => {
    const ms = createRequire(import.meta.resolve("greeter"))("ms");
    return { greeting: greet("bob"), isPatched: ms.isPatched, patched: process.env.PATCHED, words };
  });

  app.get("/hash", async () => ({
    isRight: await argon2.verify(await argon2.hash("secret", { memoryCost: 1024 }), "secret"),
  }));
}
