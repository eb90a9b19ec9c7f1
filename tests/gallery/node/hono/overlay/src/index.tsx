import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { Page } from "./page.tsx";

const port = Number(process.env.PORT ?? 8080);

const app = new Hono();
app.use("/static/*", serveStatic({ root: "./public", rewriteRequestPath: (path) => path.replace(/^\/static/, "") }));
app.get("/", (context) => context.html(<Page name={context.req.query("name") ?? "you"} />));
app.get("/healthz", (context) => context.json({ status: "ok" }));
app.get("/events", (context) =>
  streamSSE(context, async (stream) => {
    for (const data of ["one", "two"]) await stream.writeSSE({ data });
  }),
);

const server = serve({ fetch: app.fetch, port });
process.on("SIGTERM", () => server.close(() => process.exit()));
