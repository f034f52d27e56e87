# The MCP server and the worker, one image: docker-compose.yml runs it as either. Its packages are those of the lockfile.
# The digest names the content of the base image, and the tag says what it is. To update: write the tag's new digest.
FROM node:22.23.2-slim@sha256:48e4b67d85f87bd551df43704e24d252f56cc5f8e9718841aace50f19948f0f9 AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:22.23.2-slim@sha256:48e4b67d85f87bd551df43704e24d252f56cc5f8e9718841aace50f19948f0f9
WORKDIR /app
COPY package.json package-lock.json ./
COPY docker/*.mjs ./
# With the optional peers that serving and the reference tools need.
RUN node production.mjs && npm ci --ignore-scripts --no-audit --no-fund && npm cache clean --force && rm production.mjs
COPY --from=build /build/dist ./dist
RUN mkdir /data && chown node:node /data
ENV NODE_ENV=production MCP_TASKS_ROOTS=/data
USER node
EXPOSE 3000
ENTRYPOINT ["node", "/app/dist/src/cli/main.js"]
CMD ["--help"]
