"""Every endpoint; a new one goes here."""

import asyncio
import urllib.request
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, status

router = APIRouter()


@router.get("/")
async def hello() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello from hello-service"}


@router.get("/slow")
async def slow(ms: int) -> dict[str, int]:
    """Answer late."""
    await asyncio.sleep(ms / 1000)
    return {"slept": ms}


@router.get("/fetch")
def fetch(url: str) -> dict[str, int]:
    """Ask another server."""
    try:
        with urllib.request.urlopen(url) as response:  # noqa: S310
            return {"status": response.status}
    except OSError as error:
        raise HTTPException(status.HTTP_502_BAD_GATEWAY, str(error)) from error


@router.get("/fail")
async def fail() -> None:
    """Fail."""
    message = "the password is swordfish"
    raise RuntimeError(message)


@router.get("/zone")
async def zone(name: str) -> dict[str, int]:
    """Say how far a time zone is from UTC in the summer of 2026."""
    offset = datetime(2026, 7, 1, tzinfo=UTC).astimezone(ZoneInfo(name)).utcoffset()
    return {"offset_minutes": int(offset.total_seconds() // 60) if offset else 0}
