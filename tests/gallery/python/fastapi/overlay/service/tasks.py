"""Work for later: celery --app=service.tasks worker."""

from celery import Celery
from service.models import Order
from service.settings import settings
from sqlalchemy import create_engine, update
from sqlalchemy.orm import Session

app = Celery("tasks", broker=f"sqla+{settings.sqlalchemy_url}")
engine = create_engine(settings.sqlalchemy_url)


@app.task
def pack(number: int) -> None:
    """Pack an order."""
    with Session(engine) as session, session.begin():
        session.execute(update(Order).where(Order.id == number).values(packed=True))
