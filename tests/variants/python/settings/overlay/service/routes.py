"""Every endpoint; a new one goes here."""

import os

from fastapi import APIRouter

router = APIRouter()
DATABASE_URL = os.environ["DATABASE_URL"]


@router.get("/")
async def hello() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello from hello-service"}
