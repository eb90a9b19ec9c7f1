# Static, so it runs on any libc and on none.
ARG DEBIAN=debian
FROM $DEBIAN AS package
WORKDIR /tmp
RUN apt-get update -qq && apt-get download -qq busybox-static && dpkg-deb -x busybox-static_*.deb /busybox

FROM scratch
LABEL slim-templates.stand-in="Debian's busybox-static"
COPY --from=package /busybox/usr/bin/busybox /bin/
RUN ["/bin/busybox", "--install", "/bin"]
CMD ["sh"]
