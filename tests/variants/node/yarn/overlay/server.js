const express = require("express");
require("ms");

const port = process.env.PORT;
const app = express();
app.get("/healthz", (_request, response) => response.json({ status: "ok" }));
app.get("/", (_request, response) => response.json({ message: "Hello from hello-service" }));
app.get("/main", (_request, response) =>
  response.json({ isMain: require.main === module, traced: globalThis.traced, patched: process.env.PATCHED }),
);
const server = app.listen(port);
// As Next.js does: 128 and the number of the signal.
process.on("SIGTERM", () => server.close(() => process.exit(143)));
