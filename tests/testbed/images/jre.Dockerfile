# What Temurin calls a JRE: the modules of Java SE and those that services look up, without the tools of a JDK.
ARG DEBIAN=debian
ARG JDK=jdk
FROM $JDK AS jdk
RUN jlink --add-modules "$(java --list-modules | cut -d @ -f 1 | grep -vE '^jdk\.(compiler|jdeps|jlink|jshell|javadoc|jpackage|jartool|jdi|jconsole|jstatd|hotspot.agent|internal.(ed|le|opt)|editpad|unsupported.desktop|random)$' | paste -sd,)" \
        --output /jre --strip-java-debug-attributes --no-man-pages --no-header-files

FROM $DEBIAN
LABEL slim-templates.stand-in="Debian's OpenJDK without the tools, on Debian, laid out like Temurin"
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates fontconfig locales tzdata \
        libstdc++6 zlib1g liblcms2-2 libjpeg62-turbo libpng16-16t64 libgif7 libharfbuzz0b && rm -rf /var/lib/apt/lists/*
ENV JAVA_HOME=/opt/java/openjdk PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY --from=jdk /jre /opt/java/openjdk
CMD ["jshell"]
