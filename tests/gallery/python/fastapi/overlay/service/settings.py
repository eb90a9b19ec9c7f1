"""What the platform has to say."""

from pydantic import PostgresDsn
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Read from the environment; what is missing ends the start."""

    database_url: PostgresDsn

    @property
    def sqlalchemy_url(self) -> str:
        """The address, with its driver."""
        return str(self.database_url).replace("postgresql://", "postgresql+psycopg://")


settings = Settings()
