# In the manner of articles on multi-stage builds: dependencies are installed into one prefix and copied over.
FROM python:3.14-slim-trixie AS builder
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt

FROM python:3.14-slim-trixie
WORKDIR /app
COPY --from=builder /install /usr/local
COPY . .
EXPOSE 8080
CMD ["python", "-m", "service"]
