#!/bin/bash
# What the official image's entry point does with POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB: an empty data directory
# becomes a cluster with that superuser and database, which listens once /docker-entrypoint-initdb.d has run.
set -euo pipefail

[ "${1:0:1}" != - ] || set -- postgres "$@"
if [ "$1" = postgres ]; then
    mkdir -p "$PGDATA"
    chmod 700 "$PGDATA"
    if [ "$(id -u)" = 0 ]; then
        chown -R postgres "$PGDATA" /var/run/postgresql
        exec gosu postgres "$0" "$@"
    fi
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        : "${POSTGRES_USER:=postgres}" "${POSTGRES_PASSWORD:=}" "${POSTGRES_HOST_AUTH_METHOD:=}"
        : "${POSTGRES_DB:=$POSTGRES_USER}"
        if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
            echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
            exit 1
        fi
        # shellcheck disable=SC2086  # several options
        initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
        printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption "${@:2}")}" >> "$PGDATA/pg_hba.conf"
        pg_ctl -o "-c listen_addresses=''" -w start # nobody but this script is served until all is there
        query=(psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc)
        [ "$POSTGRES_DB" = postgres ] || "${query[@]}" --dbname postgres --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
        for file in /docker-entrypoint-initdb.d/*; do
            case $file in
                *.sh) bash "$file" ;;
                *.sql) "${query[@]}" --dbname "$POSTGRES_DB" --file "$file" ;;
            esac
        done
        pg_ctl -m fast -w stop
        echo 'PostgreSQL init process complete; ready for start up.'
    fi
fi
exec "$@"
