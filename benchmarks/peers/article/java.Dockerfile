# In the manner of articles on multi-stage builds: built with the JDK, run on the JRE.
FROM maven:3.9-eclipse-temurin-25-noble AS builder
WORKDIR /app
COPY pom.xml .
RUN mvn --batch-mode dependency:go-offline
COPY src src
RUN mvn --batch-mode package -DskipTests dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/libs

FROM eclipse-temurin:25-jre-noble
WORKDIR /app
COPY --from=builder /app/target/libs libs
COPY --from=builder /app/target/app.jar app.jar
EXPOSE 8080
CMD ["java", "-jar", "app.jar"]
