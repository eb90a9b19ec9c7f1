"""The application: its endpoints and what surrounds them."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from service.body import BodyLimit
from service.routes import router

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def create_app() -> FastAPI:
    """Return the application."""
    app = FastAPI(
        openapi_url=None,  # "/openapi.json" serves the schema, and the pages /docs and /redoc
        # A redirect would go to whatever host the client names.
        redirect_slashes=False,
        middleware=[Middleware(HeadAsGet), Middleware(BodyLimit)],
        exception_handlers={
            HTTPException: answer_error,
            RequestValidationError: answer_invalid,
            Exception: answer_failure,
        },
    )
    app.state.draining = False
    app.get("/healthz")(healthz)
    app.get("/readyz")(readyz)
    app.include_router(router)
    return app


class HeadAsGet:
    """ASGI middleware that lets endpoints answer HEAD like GET; the server leaves out the body."""

    def __init__(self, app: "ASGIApp") -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer."""
        if scope.get("method") == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)


async def healthz() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok"}


async def readyz(request: Request, response: Response) -> dict[str, str]:
    """Say whether to send new requests here: not while draining."""
    if request.app.state.draining:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return {"status": "draining"}
    return {"status": "ready"}


async def answer_error(_: Request, error: HTTPException) -> JSONResponse:
    """Answer {"error": ...}, like every other service."""
    phrase = HTTPStatus(error.status_code).phrase
    detail = phrase.lower() if error.detail == phrase else error.detail
    headers = dict(error.headers or {})
    if "GET" in headers.get("Allow", ""):
        headers["Allow"] += ", HEAD"  # which the server answers like GET
    return JSONResponse({"error": detail}, error.status_code, headers)


async def answer_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    """Answer {"error": ...}, which names what is wrong, and not what was sent."""
    problems = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return JSONResponse({"error": "; ".join(problems)}, HTTPStatus.UNPROCESSABLE_ENTITY)


async def answer_failure(_: Request, __: Exception) -> JSONResponse:
    """Answer {"error": ...}; the server logs the exception, which does not leave it."""
    return JSONResponse({"error": "internal server error"}, HTTPStatus.INTERNAL_SERVER_ERROR)
