"""Listens where uvicorn listens when it is not told."""

import os

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that it lives."""
    return {"status": "ok"}


uvicorn.run(app, port=int(os.environ["PORT"]))
