"""A page."""

from flask import Flask, render_template

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """Show the page."""
    return render_template("index.html", name="you")


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok"}
