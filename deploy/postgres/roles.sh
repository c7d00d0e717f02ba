#!/bin/sh
# Makes the two roles and the database; run again, it sets their passwords. The image of PostgreSQL runs it when its
# volume is empty; on another server run it as a superuser who can read the two files with the passwords:
#   OWNER_PASSWORD_FILE=... APPLICATION_PASSWORD_FILE=... PGUSER=postgres sh deploy/postgres/roles.sh
# The tables' rights are granted by `manage.py migrate`. Passwords are read by psql itself, so that none
# is an argument that `ps` shows.
set -eu
: "${OWNER_PASSWORD_FILE:=/run/secrets/database_owner_password}"
: "${APPLICATION_PASSWORD_FILE:=/run/secrets/database_password}"
export OWNER_PASSWORD_FILE APPLICATION_PASSWORD_FILE
for file in "$OWNER_PASSWORD_FILE" "$APPLICATION_PASSWORD_FILE"; do
    if ! [ -r "$file" ] || ! [ -s "$file" ]; then
        echo "$file is missing or empty, or $(id -un) may not read it. Nothing was changed." >&2
        exit 1
    fi
done
as_superuser() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-${PGUSER:-postgres}}" --dbname postgres "$@"
}
version=$(as_superuser --tuples-only --no-align --command 'SHOW server_version_num')
if [ "$version" -lt 180000 ]; then
    echo "PostgreSQL 18 or newer is needed, this is $version. Nothing was changed." >&2
    exit 1
fi

as_superuser <<'SQL'
\set owner_password `cat "$OWNER_PASSWORD_FILE"`
\set application_password `cat "$APPLICATION_PASSWORD_FILE"`
SET client_min_messages = 'warning';
-- No statement of this session is logged: two of them hold passwords.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
BEGIN;
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['qredo_dash', 'qredo_dash_owner']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE qredo_dash LOGIN PASSWORD :'application_password';
ALTER ROLE qredo_dash_owner LOGIN PASSWORD :'owner_password';
GRANT qredo_dash TO qredo_dash_owner WITH INHERIT FALSE, SET TRUE;
COMMIT;
SELECT $$CREATE DATABASE qredo_dash OWNER qredo_dash_owner TEMPLATE template0 ENCODING 'UTF8'
    LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'$$
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'qredo_dash') \gexec
SQL
