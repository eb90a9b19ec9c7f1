# One stage, as in a first tutorial.
FROM golang:1.27-alpine3.24
WORKDIR /app
COPY . .
RUN go build -o server .
EXPOSE 8080
CMD ["/app/server"]
