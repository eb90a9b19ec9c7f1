const { get } = require("node:http");
const express = require("express");

const port = process.env.PORT;
if (process.argv[2] === "healthcheck") {
  get({ port, path: "/healthz" }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
} else {
  const app = express();
  app.get("/healthz", (_request, response) => response.json({ status: "ok" }));
  app.get("/", (_request, response) => response.json({ message: "Hello from hello-service" }));
  app.get("/main", (_request, response) => response.json({ isMain: require.main === module }));
  const server = app.listen(port);
  process.on("SIGTERM", () => server.close(() => process.exit()));
}
