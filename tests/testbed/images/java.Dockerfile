ARG ALPINE=alpine
ARG DEBIAN=debian

# Debian's security updates carry the JDK on top of Debian 13's glibc. Like Temurin's it has no jmods, because jlink can
# link from the run-time image itself (JEP 493).
FROM $DEBIAN AS debian-jdk
ARG VERSION
# The packages' scripts link manual pages into a folder that slim images do not have.
RUN mkdir -p /usr/share/man/man1 && apt-get update -qq && \
    apt-get install -qq -y --no-install-recommends binutils libgif7 libharfbuzz0b tzdata "openjdk-$VERSION-jdk-headless"
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends patchelf
COPY java/self-contained.sh /
RUN sh /self-contained.sh "/usr/lib/jvm/java-$VERSION-openjdk-amd64" /jmods && \
    "/usr/lib/jvm/java-$VERSION-openjdk-amd64/bin/jlink" --module-path /jmods --add-modules ALL-MODULE-PATH \
        --generate-linkable-runtime --output /opt/java/openjdk && \
    /opt/java/openjdk/bin/java -Xshare:dump && rm -r /jmods

FROM slim-testbed/tools AS maven-files
ARG MAVEN
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt <<EOF
set -e
central=https://repo.maven.apache.org/maven2/org/apache/maven/apache-maven
version=${MAVEN%% *}
curl -fsS -o maven.tar.gz "$central/$version/apache-maven-$version-bin.tar.gz"
echo "${MAVEN##*sha512:}  maven.tar.gz" | sha512sum -c -
mkdir -p /maven/ref && tar -xzf maven.tar.gz --strip-components=1 -C /maven --no-same-owner
EOF

# No JDK for musl is published where packages are: this one brings its glibc along, beside Alpine's musl.
FROM debian-jdk AS beside
COPY java/beside.sh /
RUN sh /beside.sh /beside /opt/java/openjdk /usr/bin/strip /usr/bin/objcopy /usr/bin/objdump /usr/bin/readelf

FROM $DEBIAN AS glibc-jdk
LABEL slim-templates.stand-in="Debian's OpenJDK on Debian, laid out like Temurin"
RUN apt-get update -qq && \
    apt-get install -qq -y --no-install-recommends binutils ca-certificates fontconfig locales p11-kit tzdata && \
    localedef -i en_US -f UTF-8 en_US.UTF-8 && rm -rf /var/lib/apt/lists/*
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=en_US.UTF-8 LANGUAGE=en_US:en LC_ALL=en_US.UTF-8
COPY --from=debian-jdk /opt/java /opt/java
# The loader knows the JDK's own libraries: ldd finds them for another JVM, too.
RUN find "$JAVA_HOME/lib" -name '*.so' -exec dirname {} \; | sort -u > /etc/ld.so.conf.d/docker-openjdk.conf && ldconfig
COPY --chmod=755 java/entrypoint.sh /__cacert_entrypoint.sh
ENTRYPOINT ["/__cacert_entrypoint.sh"]
CMD ["jshell"]

FROM $ALPINE AS musl-jdk
LABEL slim-templates.stand-in="Debian's OpenJDK with the glibc it needs, on Alpine: NOT a JDK for musl"
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=en_US.UTF-8 LANGUAGE=en_US:en LC_ALL=en_US.UTF-8
COPY --from=beside /beside /
COPY --from=debian-jdk /opt/java /opt/java
COPY --from=debian-jdk /usr/share/zoneinfo /usr/share/zoneinfo
COPY java/ldd /usr/bin/ldd
COPY --chmod=755 java/entrypoint.sh /__cacert_entrypoint.sh
ENTRYPOINT ["/__cacert_entrypoint.sh"]
CMD ["jshell"]

FROM glibc-jdk AS glibc-maven
ENV MAVEN_HOME=/usr/share/maven MAVEN_CONFIG=/root/.m2
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends curl git openssh-client && rm -rf /var/lib/apt/lists/*
COPY --from=maven-files /maven /usr/share/maven
COPY --chmod=755 java/entrypoint.sh /usr/local/bin/mvn-entrypoint.sh
RUN ln -s /usr/share/maven/bin/mvn /usr/bin/mvn
ENTRYPOINT ["/usr/local/bin/mvn-entrypoint.sh"]
CMD ["mvn"]

FROM musl-jdk AS musl-maven
ENV MAVEN_HOME=/usr/share/maven MAVEN_CONFIG=/root/.m2
COPY --from=maven-files /maven /usr/share/maven
COPY --chmod=755 java/entrypoint.sh /usr/local/bin/mvn-entrypoint.sh
RUN ln -s /usr/share/maven/bin/mvn /usr/bin/mvn
ENTRYPOINT ["/usr/local/bin/mvn-entrypoint.sh"]
CMD ["mvn"]
