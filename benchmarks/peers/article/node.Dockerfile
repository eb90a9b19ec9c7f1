# In the manner of articles on multi-stage builds: three stages, tests in the middle, production dependencies alone.
FROM node:26-alpine3.24 AS builder
WORKDIR /app
COPY package*.json ./
RUN npm ci

FROM builder AS tester
COPY . .
RUN npm test

FROM node:26-alpine3.24 AS production
WORKDIR /app
COPY package*.json ./
RUN npm ci --omit=dev
COPY . .
EXPOSE 8080
USER node
CMD ["node", "src/main.ts"]
