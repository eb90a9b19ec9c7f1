"use strict";
const path = require("node:path");
const express = require("express");
const morgan = require("morgan");

const app = express();
app.set("view engine", "ejs");
app.use(morgan("combined"));
app.use(express.static(path.join(__dirname, "public")));
app.use(express.json());
app.use("/books", require(path.join(__dirname, "routes", "books")));
app.get("/healthz", (_request, response) => response.json({ status: "ok" }));
app.get("/", (_request, response) => response.render("index", { title: "Hello" }));

module.exports = app;
