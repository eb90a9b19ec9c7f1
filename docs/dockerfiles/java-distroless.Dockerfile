# syntax=docker/dockerfile:1
# check=error=true

# Where there are several classes with a main method: which one is the service, as a class or as the folder of its module.
ARG MAIN=""

# The template's own programs. `--build-context tools=docker-image://IMAGE` takes them from an image instead.
FROM scratch AS tools
COPY docker/tools /

# Maven and the JDK. Every stage runs on the target platform: jlink links for the machine it runs on, and the
# AOT cache is that machine's too.
FROM maven:3.9-eclipse-temurin-25-noble AS jdk
# Maven runs for seconds: the JVM's first compiler is enough, and builders have few processors.
ENV MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

FROM jdk AS programs
COPY --from=tools *.java /tools/
WORKDIR /classes
RUN javac -d . /tools/*.java && \
    jar --create --file /healthcheck.jar --date 1980-01-01T00:00:02Z HealthCheck.class && \
    touch -d '1980-01-01 00:00:02' /healthcheck.jar && \
    # A folder for each: a change of one program repeats the steps that run it, and no others.
    for class in *.class; do install -D "$class" "/programs/${class%%[.$]*}/$class"; done && \
    install -d -o 65532 -g 65532 /aot

# Dependencies and plugins, downloaded again only when a pom.xml changes.
FROM jdk AS deps
WORKDIR /src
# (Parents may have another name.)
COPY --parents **/*pom*.xml .mvn* docker/checksums.sha256* ./
# The secrets, where there are any: `ca` is the company's CA bundle, `registry` a settings.xml with its repository.
# No other step gets them, because the other steps run the code of plugins.
RUN --mount=type=cache,id=acme/hello-service/maven,target=/root/.m2 \
    --mount=type=bind,from=programs,source=/programs/Maven,target=/programs/Maven \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=registry \
    java -cp /programs/Maven Maven fetch

FROM deps AS test
COPY --exclude=docker . .
RUN --mount=type=bind,from=programs,source=/programs/Maven,target=/programs/Maven \
    java -cp /programs/Maven Maven verify

FROM deps AS build
COPY --exclude=docker --exclude=**/src/test . .
ARG MAIN
RUN --mount=type=bind,from=programs,source=/programs/Maven,target=/programs/Maven \
    --mount=type=bind,from=programs,source=/programs/Assemble,target=/programs/Assemble \
    java -cp /programs/Maven Maven package -DskipTests dependency:list && \
    java -cp /programs/Assemble -XX:TieredStopAtLevel=1 -XX:+UseSerialGC Assemble /src /out "$MAIN"

# For the edit loop (compose.yaml), which copies saved files in: compiles them in a JVM that stays, and starts the service.
FROM build AS dev
WORKDIR /app
COPY --from=build --chown=65532:65532 /src ./
COPY --from=programs /programs/Dev /programs
RUN chown 65532:65532 .
ENV PORT=8080 HOME=/tmp
USER 65532:65532
ENTRYPOINT ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "-cp", "/programs:/usr/share/maven/boot/*", "Dev"]

# A JVM of the modules that the service and its dependencies name, and of those in docker/modules.txt.
FROM jdk AS jvm
COPY --from=build /out/modules.txt /
RUN --mount=type=bind,from=tools,target=/tools \
    --mount=type=bind,source=docker/modules.txt,target=/docker/modules.txt \
    --mount=type=bind,source=docker/java.options,target=/docker/java.options \
    --mount=type=bind,from=programs,source=/healthcheck.jar,target=/healthcheck.jar \
    sh /tools/jvm.sh /modules.txt /docker /jvm && \
    cp -p /healthcheck.jar /jvm/

# The user: a number for Kubernetes, a name for programs that ask for one. /tmp is where it may write.
FROM deps AS rootfs
RUN --mount=type=bind,from=gcr.io/distroless/static-debian13:nonroot,target=/from \
    mkdir -p /rootfs/app /rootfs/etc && \
    sed 's#:/home/nonroot:#:/tmp:#' /from/etc/passwd >/rootfs/etc/passwd

FROM gcr.io/distroless/base-nossl-debian13:nonroot AS base
COPY --link --from=rootfs /rootfs /
WORKDIR /app

# The shared libraries that the JVM and the native libraries inside jars need and the base lacks.
# (Debian, whose libraries fit the base; the JDK's image is another distribution.)
FROM debian:trixie-slim AS native-libraries
RUN --mount=type=bind,from=tools,target=/tools \
    --mount=type=bind,source=docker,target=/docker \
    --mount=type=bind,from=base,target=/base \
    --mount=type=bind,from=build,source=/out/natives,target=/natives \
    --mount=type=bind,from=jvm,source=/jvm,target=/opt/jvm \
    LD_LIBRARY_PATH=/opt/jvm/lib:/opt/jvm/lib/server \
    sh /tools/native-libraries.sh /native-libraries /base /opt/jvm /natives && \
    # File names are UTF-8 only in this locale.
    mkdir -p /native-libraries/usr/lib/locale && \
    cp -a /usr/lib/locale/C.utf8 /native-libraries/usr/lib/locale/

FROM base AS runtime-dependencies
COPY --link --from=native-libraries /native-libraries /
COPY --link --from=jvm /jvm /opt/jvm
COPY --link --from=build /out/dependencies /app/
# The project, without what is for building and testing.
COPY --link --chmod=u=rwX,go=rX --exclude=docker --exclude=**/*.java --exclude=**/*.kt --exclude=**/src/main/groovy \
    --exclude=**/src/test --exclude=**/pom.xml --exclude=.git --exclude=.mvn --exclude=mvnw* --exclude=lombok.config . /app/
ENV LANG=C.UTF-8

# Starts the service as production does, sends requests and stops it. That writes the AOT cache and proves it.
FROM runtime-dependencies AS smoke-test
COPY --link --from=build /out/service /app/
COPY --from=programs --chown=65532:65532 /aot /aot
USER 65532:65532
# Without a network, loopback aside: builds side by side on a builder do not share ports, and no dependency calls out.
RUN --network=none \
    --mount=type=bind,from=programs,source=/programs/SmokeTest,target=/programs \
    --mount=type=bind,source=docker,target=/docker \
    --mount=type=tmpfs,target=/tmp \
    ["/opt/jvm/bin/java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "/programs", "SmokeTest", "/aot/app.aot"]

FROM runtime-dependencies AS runtime
# HOME: the only writable directory of a read-only container.
ENV PORT=8080 HOME=/tmp
EXPOSE 8080
# A number, because Kubernetes' runAsNonRoot cannot check a name.
USER 65532:65532

ARG VERSION=0.0.0-dev REVISION=unknown
LABEL org.opencontainers.image.title="hello-service" \
      org.opencontainers.image.source="https://github.com/acme/hello-service" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="LicenseRef-Proprietary" \
      org.opencontainers.image.base.name="gcr.io/distroless/base-nossl-debian13:nonroot"

COPY --link --from=build /out/service /app/
COPY --link --from=smoke-test --chown=0:0 --chmod=644 /aot/app.aot /app/
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
    CMD ["/opt/jvm/bin/java", "-XX:AOTCache=/app/app.aot", "-XX:TieredStopAtLevel=1", "-Xms24m", "-Xmx24m", "@/app/class-path", "HealthCheck"]
ENTRYPOINT ["/opt/jvm/bin/java", "-XX:AOTCache=/app/app.aot", "@/app/class-path", "@/app/main-class"]
