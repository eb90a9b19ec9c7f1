# syntax=docker/dockerfile:1
# check=error=true

# The template's own programs. `--build-context tools=docker-image://IMAGE` takes them from an image instead.
FROM scratch AS tools
COPY docker/tools /

# Dependencies and plugins, downloaded once for as long as pom.xml stays the same. Every stage runs on
# the target platform: jlink links for the machine it runs on, and the AOT cache is that machine's too.
FROM maven:3.9-eclipse-temurin-25-alpine AS deps
WORKDIR /src
COPY --from=tools mvn.sh TrustStore.java Proxies.java /tools/
COPY pom.xml ./
# The secrets, where there are any, leave nothing in the layer: `ca` is the company's CA bundle,
# `registry` a settings.xml with its repository.
# touch: the AOT cache holds the jars' time stamps, and exporters cut fractions of a second off.
RUN --mount=type=cache,target=/root/.m2 \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry \
    sh /tools/mvn.sh dependency:go-offline && \
    sh /tools/mvn.sh dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=/app/libs && \
    find /app -exec touch -d '1980-01-01 00:00:02' {} +

FROM deps AS test
COPY src src
RUN --mount=type=cache,target=/root/.m2 \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry \
    sh /tools/mvn.sh verify

FROM deps AS build
COPY src/main src/main
# Not `mvn --offline`: the cache may have been pruned since the stage deps ran.
RUN --mount=type=cache,target=/root/.m2 \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry \
    sh /tools/mvn.sh package -Dmaven.test.skip -Dmdep.skip && \
    mv target/app.jar /app/ && \
    touch -d '1980-01-01 00:00:02' /app/app.jar

# The modules of the JDK that the service and its dependencies need, one a line.
FROM deps AS modules
COPY --from=tools Modules.java /tools/
COPY docker/modules.txt /docker/
RUN java /tools/Modules.java /app/libs /docker/modules.txt >/dependencies.txt
COPY --from=build /app/app.jar /app/
RUN java /tools/Modules.java /app/app.jar /dependencies.txt >/modules.txt

# A JVM of these modules. It depends on the list alone: most edits leave that as it is.
FROM maven:3.9-eclipse-temurin-25-alpine AS jvm
COPY --from=tools jvm.sh SmokeTest.java /tools/
COPY --from=modules /modules.txt /
RUN sh /tools/jvm.sh /modules.txt /jvm && javac -d /smoke-test /tools/SmokeTest.java

# The user: a number for Kubernetes, a name for programs that ask for one. /tmp is where it may write.
FROM deps AS rootfs
RUN --mount=type=bind,from=alpine:3.24,target=/from \
    mkdir -p /rootfs/etc && \
    { cat /from/etc/passwd && echo "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin"; } >/rootfs/etc/passwd && \
    { cat /from/etc/group && echo "nonroot:x:65532:"; } >/rootfs/etc/group

FROM alpine:3.24 AS base
COPY --link --from=rootfs /rootfs /

# The shared libraries that the JVM and the native libraries inside jars need and the base lacks.
FROM deps AS native-libraries
RUN --mount=type=bind,from=tools,target=/tools \
    --mount=type=bind,source=docker,target=/docker \
    --mount=type=bind,from=base,target=/base \
    --mount=type=bind,from=jvm,source=/jvm,target=/opt/jvm \
    java /tools/NativeLibraries.java /app/libs /natives && \
    sh /tools/native-libraries.sh /native-libraries /base /opt/jvm /natives

FROM base AS runtime-dependencies
COPY --link --from=native-libraries /native-libraries /
COPY --link --from=jvm /jvm /opt/jvm
COPY --link --from=deps /app/libs /app/libs
COPY --link --chmod=644 docker/java.options /app/
ENV LANG=C.UTF-8

# Starts the service as it will run, asks it, and stops it: that makes the AOT cache, and a module or
# library that is missing stops the build, not production.
FROM runtime-dependencies AS smoke-test
COPY --link --from=build /app/app.jar /app/
USER 65532:65532
RUN --mount=type=bind,from=jvm,source=/smoke-test,target=/smoke-test \
    ["/opt/jvm/bin/java", "-cp", "/smoke-test", "SmokeTest", "/tmp/app.aot"]

FROM runtime-dependencies AS runtime
COPY --link --from=build /app/app.jar /app/
COPY --link --from=smoke-test --chown=0:0 --chmod=644 /tmp/app.aot /app/
# HOME: the one place that is writable in a read-only container.
ENV PORT=8080 HOME=/tmp
EXPOSE 8080
WORKDIR /app
# A number, because Kubernetes' runAsNonRoot cannot check a name.
USER 65532:65532

ARG VERSION=0.0.0-dev REVISION=unknown
LABEL org.opencontainers.image.title="hello-service" \
      org.opencontainers.image.source="https://github.com/acme/hello-service" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="LicenseRef-Proprietary" \
      org.opencontainers.image.base.name="docker.io/library/alpine:3.24"

HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
    CMD ["/opt/jvm/bin/java", "@/app/java.options", "-XX:AOTCache=/app/app.aot", "-XX:TieredStopAtLevel=1", "-Xmx24m", "-jar", "/app/app.jar", "healthcheck"]
ENTRYPOINT ["/opt/jvm/bin/java", "@/app/java.options", "-XX:AOTCache=/app/app.aot", "-jar", "/app/app.jar"]
