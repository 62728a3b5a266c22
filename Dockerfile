# syntax=docker/dockerfile:1
# The program and nothing else: mqttspec test, broker, pub, sub, probe, compare.
#
#   docker build -t mqttspec .
#   docker run --rm --network host mqttspec test localhost:1883

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked --bin mqttspec \
    && strip target/release/mqttspec

# glibc and the authorities that TLS believes in; no shell, and a user without rights.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /source/target/release/mqttspec /usr/local/bin/mqttspec
# Reports and the state of a broker go where the one who runs it has mounted something.
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/mqttspec"]
CMD ["--help"]
