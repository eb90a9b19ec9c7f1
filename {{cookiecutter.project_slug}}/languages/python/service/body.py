"""How much a client may send."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 1 << 20

Endpoint = Callable[..., Any]


def body_limit(limit: int) -> Callable[[Endpoint], Endpoint]:
    """Let an endpoint take bodies of up to `limit` bytes; it then reads `request.stream()`.

    @router.post("/upload")
    @body_limit(1 << 30)
    async def upload(request: Request) -> ...:
    """

    def decorate(endpoint: Endpoint) -> Endpoint:
        vars(endpoint)["body_limit"] = limit
        return endpoint

    return decorate


class BodyLimit:
    """ASGI middleware that answers 413 to a body that is larger than its endpoint takes."""

    def __init__(self, app: "ASGIApp") -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Count while the endpoint reads."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        announced = int(Headers(scope=scope).get("content-length", 0))
        received = 0

        async def counted() -> "Message":
            nonlocal received
            limit = getattr(scope.get("endpoint"), "body_limit", BODY_LIMIT)
            if announced <= limit:
                message = await receive()
                received += len(message.get("body", b""))
            if max(announced, received) > limit:
                raise HTTPException(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"}
                )
            return message

        await self.app(scope, counted, send)
