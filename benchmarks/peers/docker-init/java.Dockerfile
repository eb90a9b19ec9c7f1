# In the manner of `docker init` for Java, without Spring Boot's layers, which the service does not have.
FROM maven:3.9-eclipse-temurin-25-noble AS deps
WORKDIR /build
RUN --mount=type=bind,source=pom.xml,target=pom.xml \
    --mount=type=cache,target=/root/.m2 mvn --batch-mode dependency:go-offline -DskipTests

FROM deps AS package
WORKDIR /build
COPY ./src src/
RUN --mount=type=bind,source=pom.xml,target=pom.xml \
    --mount=type=cache,target=/root/.m2 \
    mvn --batch-mode package -DskipTests dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/libs

FROM eclipse-temurin:25-jre-noble AS final
ARG UID=10001
RUN useradd --home-dir "/nonexistent" --shell "/sbin/nologin" --no-create-home --uid "${UID}" appuser
USER appuser
COPY --from=package build/target/libs libs
COPY --from=package build/target/app.jar app.jar
EXPOSE 8080
ENTRYPOINT [ "java", "-jar", "app.jar" ]
