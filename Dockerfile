# The images of the demo: `chat-service` (the reference server) and `suite` (the conformance suite and the load scripts).
# What changes rarely comes first, so that an edit of the source rebuilds only the last layers.
ARG PYTHON_IMAGE=python:3.13-slim

FROM $PYTHON_IMAGE AS python
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH

# The packages that the server imports, in the versions that pyproject.toml allows.
FROM python AS server-packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python3 -m venv /opt/venv
COPY pyproject.toml compose/dependencies.py ./
RUN python3 dependencies.py > dependencies.txt \
    && pip install -q --constraint dependencies.txt boto3 h11 hypercorn msgspec quart redis uvloop

FROM python AS chat-service
COPY --from=server-packages /opt/venv /opt/venv
WORKDIR /app
# The demo page is served from beside the package.
COPY test_websocket.htm[l] PROTOCOL.md ./
COPY reference_server reference_server
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "reference_server"]

# The packages that the suite needs, and the suite itself as the wheel that users install.
FROM server-packages AS suite-packages
RUN pip install -q --requirement dependencies.txt

FROM suite-packages AS wheel
RUN pip install -q hatchling
COPY . .
RUN pip wheel -q --no-deps --no-build-isolation --wheel-dir /wheel .

FROM python AS suite
COPY --from=suite-packages /opt/venv /opt/venv
COPY --from=wheel /wheel /wheel
RUN pip install -q --no-cache-dir --no-deps /wheel/*.whl
WORKDIR /app
COPY locustfiles locustfiles
COPY compose/verify compose/load compose/front.toml ./
USER 10001:10001
ENV HOME=/tmp
ENTRYPOINT ["/app/verify"]
