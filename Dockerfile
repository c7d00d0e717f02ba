# One image for web, worker, beat and commands. Tink has no musl wheels, hence no Alpine.
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app qredo-dash
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
# Static files are collected without any secret: nothing of the settings reaches the image.
RUN DATA_DIR=/nonexistent python manage.py collectstatic --noinput --verbosity 0 \
    && install -d -o qredo-dash /data
# A command without a database's address makes no database of its own in here.
ENV QREDO_DASH_SERVER=1
USER qredo-dash
VOLUME /data
EXPOSE 8000
CMD ["granian", "--interface", "rsgi", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--log-level", "warning", "qredo_dash.http.server:application"]
