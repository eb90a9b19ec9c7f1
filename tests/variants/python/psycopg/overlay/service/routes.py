"""Every endpoint; a new one goes here."""

import psycopg
from fastapi import APIRouter, Request, Response, status

router = APIRouter()


@router.get("/")
async def hello() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello from hello-service"}


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request, response: Response) -> dict[str, str]:
    """Say whether to send new requests here: not while draining."""
    if request.app.state.draining:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return {"status": "draining"}
    return {"status": "ready"}


@router.get("/psycopg")
async def driver() -> dict[str, bool | str]:
    """Quote a name with libpq, which needs no server for it."""
    return {
        "implementation": psycopg.pq.__impl__,
        "libpq": psycopg.pq.version() > 0,
        "identifier": psycopg.sql.Identifier('or"ders').as_string(),
    }
