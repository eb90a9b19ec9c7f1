"""Every endpoint; a new one goes here."""

import numpy as np
from fastapi import APIRouter

router = APIRouter()


@router.get("/")
async def hello() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello from hello-service"}


@router.get("/numpy")
async def determinant() -> dict[str, int]:
    """Let LAPACK compute a determinant."""
    return {"determinant": round(np.linalg.det(np.array([[2, 1], [1, 3]])))}
