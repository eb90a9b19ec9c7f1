ARG DEBIAN=debian
FROM $DEBIAN
LABEL slim-templates.stand-in="Debian's docker-registry"
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates docker-registry && rm -rf /var/lib/apt/lists/* && \
    mkdir -p /var/lib/registry && printf '%s\n' 'version: 0.1' 'storage: { filesystem: { rootdirectory: /var/lib/registry }, delete: { enabled: true } }' 'http: { addr: :5000 }' > /etc/docker/registry/config.yml
VOLUME /var/lib/registry
EXPOSE 5000
ENTRYPOINT ["docker-registry"]
CMD ["serve", "/etc/docker/registry/config.yml"]
