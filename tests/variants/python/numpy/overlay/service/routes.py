"""Every endpoint; a new one goes here."""

import numpy as np
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


@router.get("/numpy")
async def determinant() -> dict[str, int]:
    """Let LAPACK compute a determinant."""
    return {"determinant": round(np.linalg.det(np.array([[2, 1], [1, 3]])))}
