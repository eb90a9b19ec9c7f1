"""Every endpoint; a new one goes here."""

import ctypes.util
import mimetypes

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


@router.get("/system")
def system() -> dict[str, str | bool | None]:
    """Look up what Alpine lacks: kinds of files, and the C library under its usual name."""
    return {
        "kind": mimetypes.guess_type("meeting.ics")[0],
        "library": hasattr(ctypes.CDLL(ctypes.util.find_library("c") or "none"), "getpid"),
    }
