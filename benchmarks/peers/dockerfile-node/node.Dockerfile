# In the manner of fly's dockerfile-node: slim image, compilers in the build stage, devDependencies pruned, npm starts it.
FROM node:26-trixie-slim AS base
WORKDIR /app
ENV NODE_ENV="production"

FROM base AS build
RUN apt-get update -qq && \
    apt-get install --no-install-recommends -y build-essential node-gyp pkg-config python-is-python3
COPY package-lock.json package.json ./
RUN npm ci --include=dev
COPY . .
RUN npm prune --omit=dev

FROM base
COPY --from=build /app /app
EXPOSE 8080
CMD [ "npm", "run", "start" ]
