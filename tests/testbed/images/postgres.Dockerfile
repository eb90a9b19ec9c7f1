# As https://github.com/docker-library/postgres: its paths, user, settings and entry point, around Debian's own package.
ARG DEBIAN=debian
FROM $DEBIAN
LABEL slim-templates.stand-in="Debian's PostgreSQL, laid out like the official image"
ARG VERSION
ENV LANG=en_US.utf8 PG_MAJOR=$VERSION PGDATA=/var/lib/postgresql/data \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/$VERSION/bin
RUN <<EOF
set -e
groupadd -r postgres --gid=999
useradd -r -g postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres
apt-get update -qq
apt-get install -qq -y --no-install-recommends gosu locales postgresql-common
localedef -i en_US -f UTF-8 en_US.UTF-8
sed -ri 's/#(create_main_cluster) .*$/\1 = false/' /etc/postgresql-common/createcluster.conf
apt-get install -qq -y --no-install-recommends "postgresql-$VERSION"
rm -rf /var/lib/apt/lists/*
sed -ri "s!^#?(listen_addresses)\s*=\s*\S+.*!\1 = '*'!" "/usr/share/postgresql/$VERSION/postgresql.conf.sample"
install --directory --owner postgres --group postgres --mode 3777 /var/run/postgresql
install --directory --owner postgres --group postgres --mode 1777 /var/lib/postgresql "$PGDATA"
mkdir /docker-entrypoint-initdb.d
EOF
VOLUME /var/lib/postgresql/data
COPY --chmod=755 postgres/docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
