FROM maven:3.9-eclipse-temurin-25-noble
