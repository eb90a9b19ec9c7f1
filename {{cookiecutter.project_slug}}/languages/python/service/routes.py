"""Every endpoint; a new one goes here."""

from fastapi import APIRouter

router = APIRouter()


@router.get("/")
async def hello() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello from {{ cookiecutter.project_slug }}"}
