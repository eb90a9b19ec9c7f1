# One stage, as in a first tutorial.
FROM node:26-trixie-slim
WORKDIR /app
COPY . .
RUN npm install
EXPOSE 8080
CMD ["npm", "start"]
