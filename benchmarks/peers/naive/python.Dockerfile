# One stage, as in a first tutorial.
FROM python:3.14-slim-trixie
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
EXPOSE 8080
CMD python -m service
