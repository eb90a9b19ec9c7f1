# One stage, as in a first tutorial.
FROM maven:3.9-eclipse-temurin-25-noble
WORKDIR /app
COPY . .
RUN mvn --batch-mode package -DskipTests dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/libs
EXPOSE 8080
CMD ["java", "-jar", "target/app.jar"]
