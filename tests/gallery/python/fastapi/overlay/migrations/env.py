"""How alembic reaches the database."""

from alembic import context
from service.models import Base
from service.settings import settings
from sqlalchemy import create_engine

with create_engine(settings.sqlalchemy_url).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
