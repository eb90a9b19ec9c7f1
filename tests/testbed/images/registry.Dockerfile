ARG DEBIAN=debian
FROM $DEBIAN
LABEL slim-templates.stand-in="Debian's docker-registry"
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates docker-registry && rm -rf /var/lib/apt/lists/* /etc/docker/registry/htpasswd
COPY registry/config.yml /etc/docker/registry/
VOLUME /var/lib/registry
EXPOSE 5000
ENTRYPOINT ["docker-registry"]
CMD ["serve", "/etc/docker/registry/config.yml"]
