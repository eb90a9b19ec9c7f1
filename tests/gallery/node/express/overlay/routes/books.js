"use strict";
const { Router } = require("express");

const books = [{ title: "Ulysses" }];
const router = Router();

router.get("/", (_request, response) => response.json(books));
router.post("/", (request, response) => {
  books.push({ title: request.body.title });
  response.status(201).json(books.at(-1));
});

module.exports = router;
