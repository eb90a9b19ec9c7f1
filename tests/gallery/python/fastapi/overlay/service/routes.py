"""Every endpoint; a new one goes here."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, status
from pydantic import BaseModel, ConfigDict, PositiveInt
from service.models import Order
from service.settings import settings
from service.tasks import pack
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

router = APIRouter()
sessions = async_sessionmaker(create_async_engine(settings.sqlalchemy_url), expire_on_commit=False)


async def session() -> AsyncIterator[AsyncSession]:
    """Give a session."""
    async with sessions() as session:
        yield session


class NewOrder(BaseModel):
    """What a client sends."""

    article: str
    amount: PositiveInt


class StoredOrder(NewOrder):
    """What a client sees."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    packed: bool


@router.get("/")
async def hello() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello from hello-service"}


@router.post("/orders", status_code=status.HTTP_201_CREATED)
async def create(order: NewOrder, session: Annotated[AsyncSession, Depends(session)]) -> StoredOrder:
    """Store an order, and have it packed."""
    stored = Order(**order.model_dump())
    session.add(stored)
    await session.commit()
    answer = StoredOrder.model_validate(stored)
    pack.delay(stored.id)
    return answer


@router.get("/orders/{number}")
async def read(number: int, session: Annotated[AsyncSession, Depends(session)]) -> StoredOrder:
    """Return an order."""
    stored = await session.get(Order, number)
    if not stored:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return StoredOrder.model_validate(stored)
