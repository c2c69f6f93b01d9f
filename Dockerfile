# One image for the server, `apply`, `doctor` and `journal`: docker run -i --rm --read-only … IMAGE [COMMAND]
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY . .
RUN npm run build

FROM node:24-slim
LABEL io.modelcontextprotocol.server.name="io.github.tencent-chat-channel-mcp/tencent-chat-channel-mcp"
WORKDIR /app
COPY --from=build /build/dist /app/dist
COPY --from=build /build/LICENSE /app/LICENSE
USER node
ENTRYPOINT ["node", "/app/dist/tencent-chat-channel-mcp.cjs"]
