"""Every endpoint; a new one goes here."""

import psycopg
from fastapi import APIRouter

router = APIRouter()


@router.get("/")
async def hello() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello from hello-service"}


@router.get("/psycopg")
async def driver() -> dict[str, bool | str]:
    """Quote a name with libpq, which needs no server for it."""
    return {
        "implementation": psycopg.pq.__impl__,
        "libpq": psycopg.pq.version() > 0,
        "identifier": psycopg.sql.Identifier('or"ders').as_string(),
    }
