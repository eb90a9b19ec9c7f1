"""Handlers of every kind."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from service.body import body_limit

handlers = APIRouter()


@handlers.get("/slow")
async def slow(ms: int) -> dict[str, int]:
    """Answer late."""
    await asyncio.sleep(ms / 1000)
    return {"slept": ms}


@handlers.get("/fail")
async def fail(length: int = 0) -> None:
    """Fail."""
    message = "the password is swordfish" + "!" * length
    raise RuntimeError(message)


@handlers.get("/fill")
async def fill(kib: int) -> dict[str, int]:
    """Keep so much memory until it has answered."""
    kept = [bytearray(1024) for _ in range(kib)]
    await asyncio.sleep(0.005)
    return {"kib": len(kept)}


@handlers.post("/body")
async def body(request: Request) -> dict[str, int]:
    """Count the bytes of a body."""
    return {"bytes": len(await request.body())}


@handlers.post("/upload")
@body_limit(64 << 20)
async def upload(request: Request) -> dict[str, int]:
    """Count the bytes of a body as they come."""
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
    return {"bytes": count}


@handlers.get("/events")
async def events() -> StreamingResponse:
    """Send events without an end."""

    async def made() -> AsyncIterator[str]:
        number = 0
        while True:
            yield f"data: {number}\n\n"
            number += 1
            await asyncio.sleep(0.05)

    return StreamingResponse(made(), media_type="text/event-stream")


@handlers.get("/stream")
async def stream(mib: int) -> StreamingResponse:
    """Send so much."""

    def chunks() -> Iterator[bytes]:
        for _ in range(mib * 16):
            yield bytes(64 << 10)

    return StreamingResponse(chunks(), media_type="application/octet-stream")


@handlers.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    """Send back what comes."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass
