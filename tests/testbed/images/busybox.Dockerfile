# Debian's static busybox; it is made with glibc, which nobody notices.
ARG DEBIAN=debian
FROM $DEBIAN AS package
RUN apt-get update -qq && cd /tmp && apt-get download -qq busybox-static && dpkg-deb -x busybox-static_*.deb /busybox && \
    mkdir -p /root-tree/bin && cp /busybox/bin/busybox /root-tree/bin/ 2>/dev/null || cp /busybox/usr/bin/busybox /root-tree/bin/

FROM scratch
LABEL slim-templates.stand-in="Debian's busybox-static"
COPY --from=package /root-tree /
RUN ["/bin/busybox", "--install", "/bin"]
CMD ["sh"]
