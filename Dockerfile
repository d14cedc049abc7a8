# taskgate as a service: mount a configuration at /etc/taskgate/taskgate.toml (the journal of writes goes beside it,
# so mount a volume that outlives the container).
FROM node:22-bookworm AS graphiql
WORKDIR /src
COPY gateway/graphiql/package.json gateway/graphiql/assets.py graphiql/
COPY gateway/inbox/package.json inbox/
# This image has a Python too.
RUN python3 graphiql/assets.py --required

FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY connectors connectors
COPY schema schema
COPY gateway gateway
COPY sandbox sandbox
COPY --from=graphiql /src/graphiql/npm gateway/graphiql/npm
COPY --from=graphiql /src/inbox/npm gateway/inbox/npm
RUN python -m venv /opt/taskgate && /opt/taskgate/bin/pip install --no-cache-dir --constraint constraints.txt ".[otel,postgres,shared]"

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home taskgate \
    && install -d -o taskgate /etc/taskgate /var/lib/taskgate
COPY --from=build /opt/taskgate /opt/taskgate
USER 10001
ENV PATH=/opt/taskgate/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
CMD ["taskgate", "serve", "--config", "/etc/taskgate/taskgate.toml", "--host", "0.0.0.0", "--port", "8000"]
