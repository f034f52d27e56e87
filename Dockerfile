# The MCP server and the worker, one image: docker-compose.yml runs it as either.
FROM node:22-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm install --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm pack --ignore-scripts

FROM node:22-slim
WORKDIR /app
COPY --from=build /build/package.json /build/mcp-tasks-temporal-*.tgz /tmp/
# With the optional peers that serving and the reference tools need, as the package wants them.
RUN npm install --omit=dev --no-audit --no-fund /tmp/mcp-tasks-temporal-*.tgz \
      $(node -p "const { peerDependencies: peers } = require('/tmp/package.json'); ['@temporalio/worker', '@modelcontextprotocol/server', '@modelcontextprotocol/node', '@duckdb/node-api', 'pg', 'pg-copy-streams'].map((name) => name + '@' + peers[name]).join(' ')") \
    && npm cache clean --force && rm /tmp/mcp-tasks-temporal-*.tgz /tmp/package.json
COPY docker/*.mjs ./
RUN mkdir /data && chown node:node /data
ENV NODE_ENV=production MCP_TASKS_ROOTS=/data
USER node
EXPOSE 3000
ENTRYPOINT ["/app/node_modules/.bin/mcp-tasks-temporal"]
CMD ["--help"]
