ARG ALPINE=alpine
ARG DEBIAN=debian

# Debian's security updates carry the JDK on top of Debian 13's glibc; moved to where Temurin's images have it.
FROM $DEBIAN AS debian-jdk
LABEL slim-templates.stand-in="Debian's OpenJDK on Debian, laid out like Temurin"
ARG VERSION
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The packages' scripts link manual pages into a folder that slim images do not have.
RUN mkdir -p /usr/share/man/man1 /opt/java && apt-get update -qq && \
    apt-get install -qq -y --no-install-recommends binutils ca-certificates curl fontconfig openssl tzdata wget "openjdk-$VERSION-jdk-headless" && \
    cd /usr/lib/jvm/java-*/ && rm -rf docs man lib/src.zip && cp -rL . "$JAVA_HOME" && rm -rf /usr/lib/jvm /var/lib/apt/lists/*

FROM slim-testbed/tools AS maven-files
ARG MAVEN
# The newest release of the asked for line, checked against the sum that is published with it.
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt <<EOF
set -e
central=https://repo.maven.apache.org/maven2/org/apache/maven/apache-maven
version=$(curl -fsS $central/maven-metadata.xml | sed -n "s#.*<version>\($MAVEN\.[0-9.]*\)</version>.*#\1#p" | sort -V | tail -n 1)
curl -fsS -o maven.tar.gz "$central/$version/apache-maven-$version-bin.tar.gz"
echo "$(curl -fsS "$central/$version/apache-maven-$version-bin.tar.gz.sha512")  maven.tar.gz" | sha512sum -c -
mkdir /maven && tar -xzf maven.tar.gz --strip-components=1 -C /maven --no-same-owner
EOF

# No JDK for musl is published where packages are: this one brings its glibc along, beside Alpine's musl.
FROM debian-jdk AS beside
COPY java/beside.sh /
RUN sh /beside.sh /beside "$JAVA_HOME" /usr/bin/strip /usr/bin/objcopy

FROM debian-jdk AS glibc-jdk
CMD ["jshell"]

FROM $ALPINE AS musl-jdk
LABEL slim-templates.stand-in="Debian's OpenJDK with the glibc it needs, on Alpine: NOT a JDK for musl"
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY --from=beside /beside /
COPY --from=debian-jdk /opt/java /opt/java
COPY --from=debian-jdk /usr/share/zoneinfo /usr/share/zoneinfo
COPY java/ldd /usr/bin/ldd
CMD ["jshell"]

FROM glibc-jdk AS glibc-maven
ENV MAVEN_HOME=/usr/share/maven MAVEN_CONFIG=/root/.m2
COPY --from=maven-files /maven /usr/share/maven
RUN ln -s /usr/share/maven/bin/mvn /usr/bin/mvn
CMD ["mvn"]

FROM musl-jdk AS musl-maven
ENV MAVEN_HOME=/usr/share/maven MAVEN_CONFIG=/root/.m2
COPY --from=maven-files /maven /usr/share/maven
RUN ln -s /usr/share/maven/bin/mvn /usr/bin/mvn
CMD ["mvn"]
