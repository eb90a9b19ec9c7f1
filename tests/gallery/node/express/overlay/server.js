"use strict";
const path = require("node:path");
const express = require("express");
const morgan = require("morgan");

const port = process.env.PORT || 8080;

if (process.argv[2] === "healthcheck") {
  const { healthcheck } = require("./src/healthcheck.ts");
  healthcheck(`http://127.0.0.1:${port}`).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
} else {
  const app = express();
  app.set("view engine", "ejs");
  app.use(morgan("combined"));
  app.use(express.static("public"));
  app.use(express.json());
  app.use("/books", require(path.join(__dirname, "routes", "books")));
  app.get("/healthz", (_request, response) => response.json({ status: "ok" }));
  app.get("/", (_request, response) => response.render("index", { title: "Hello" }));

  const server = app.listen(port);
  process.on("SIGTERM", () => server.close(() => process.exit()));
}
