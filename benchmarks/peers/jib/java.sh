# As Jib's own page has it, into a file.
mvn --batch-mode --quiet compile com.google.cloud.tools:jib-maven-plugin:3.5.2:buildTar \
    -Djib.outputPaths.tar=/out/image.tar -Dimage=peer -Djib.allowInsecureRegistries=true \
    -Djib.from.image="$REGISTRY/library/eclipse-temurin:25-jre-noble"
