"""The application: its endpoints and what surrounds them."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from service.log import RequestLog
from service.routes import router


def create_app() -> FastAPI:
    """Return the application."""
    app = FastAPI(
        openapi_url=None,  # "/openapi.json" serves the schema, and with it /docs and /redoc
        middleware=[Middleware(RequestLog)],
        exception_handlers={HTTPException: answer_error, Exception: answer_failure},
    )
    app.state.draining = False
    app.include_router(router)
    return app


async def answer_error(_: Request, error: HTTPException) -> JSONResponse:
    """Answer {"error": ...}, like every other service."""
    phrase = HTTPStatus(error.status_code).phrase
    detail = phrase.lower() if error.detail == phrase else error.detail
    return JSONResponse({"error": detail}, error.status_code, headers=error.headers)


async def answer_failure(_: Request, __: Exception) -> JSONResponse:
    """Answer {"error": ...}; the server logs the exception, which does not leave it."""
    return JSONResponse({"error": "internal server error"}, HTTPStatus.INTERNAL_SERVER_ERROR)
