# The Studio in a container: docker build -t deepro . && docker run --rm -p 127.0.0.1:8765:8765 -v "$PWD/ws:/ws" deepro
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN pip install --no-cache-dir build && python -m build --wheel --outdir /wheels

FROM python:3.13-slim
# --build-arg TORCH_INDEX=... takes PyTorch from another index, such as that of its CPU builds: gigabytes less.
ARG TORCH_INDEX=""
RUN pip install --no-cache-dir torch torchvision ${TORCH_INDEX:+--index-url "$TORCH_INDEX"}
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels pip install --no-cache-dir /wheels/*.whl
RUN useradd --create-home deepro && mkdir /ws && chown deepro /ws
USER deepro
VOLUME /ws
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8765), 3).close()"]
ENTRYPOINT ["deepro"]
CMD ["studio", "/ws", "--model", "builtin:efficientnet-lite0", "--host", "0.0.0.0", "--name", "localhost", "--no-browser"]
