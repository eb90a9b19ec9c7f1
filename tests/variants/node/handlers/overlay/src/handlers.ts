import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";

type Query = { Querystring: { ms: number; kib: number; mib: number; length: number } };

export async function handlers(app: FastifyInstance): Promise<void> {
  await app.register(websocket);

  app.get<Query>("/slow", async ({ query }) => {
    await sleep(Number(query.ms));
    return { slept: Number(query.ms) };
  });

  app.get<Query>("/fail", async ({ query }) => {
    throw new Error(`the password is swordfish${"!".repeat(Number(query.length ?? 0))}`);
  });

  // Keeps so much memory until it has answered.
  app.get<Query>("/fill", async ({ query }) => {
    const kept = Array.from({ length: Number(query.kib) }, () => new Array(128).fill(0.5));
    await sleep(5);
    return { kib: kept.length };
  });

  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.post<{ Body?: Buffer }>("/body", async ({ body }) => ({ bytes: body?.length ?? 0 }));

  app.get("/events", async (_request, reply) => {
    async function* events() {
      for (let n = 0; ; n++) {
        yield `data: ${n}\n\n`;
        await sleep(50);
      }
    }
    return reply.type("text/event-stream").send(Readable.from(events()));
  });

  app.get<Query>("/stream", async ({ query }, reply) => {
    function* chunks() {
      for (let n = 0; n < Number(query.mib) * 16; n++) yield Buffer.alloc(64 << 10);
    }
    return reply.type("application/octet-stream").send(Readable.from(chunks()));
  });

  app.get("/socket", { websocket: true }, (socket) => {
    socket.on("message", (message) => socket.send(String(message)));
  });

  app.register(async (streams) => {
    streams.removeAllContentTypeParsers();
    streams.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    streams.post<{ Body: Readable }>("/upload", { bodyLimit: 64 << 20 }, async ({ body }) => {
      let bytes = 0;
      for await (const chunk of body) bytes += chunk.length;
      return { bytes };
    });
  });
}
