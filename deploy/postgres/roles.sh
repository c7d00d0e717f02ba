#!/bin/sh
# Makes the two roles and the database, once. The image of PostgreSQL runs it when its volume is empty; on
# another server run it as a superuser with the passwords in the two files:
#   OWNER_PASSWORD_FILE=... APPLICATION_PASSWORD_FILE=... PGUSER=postgres sh deploy/postgres/roles.sh
# The tables' rights are granted by `manage.py migrate`. Passwords are read by psql itself, so that none
# is an argument that `ps` shows.
set -eu
: "${OWNER_PASSWORD_FILE:=/run/secrets/database_owner_password}"
: "${APPLICATION_PASSWORD_FILE:=/run/secrets/database_password}"
export OWNER_PASSWORD_FILE APPLICATION_PASSWORD_FILE

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-${PGUSER:-postgres}}" --dbname postgres <<'SQL'
\set owner_password `cat "$OWNER_PASSWORD_FILE"`
\set application_password `cat "$APPLICATION_PASSWORD_FILE"`
-- No statement of this session is logged: two of them hold passwords.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
CREATE ROLE qredo_dash LOGIN PASSWORD :'application_password';
CREATE ROLE qredo_dash_owner LOGIN PASSWORD :'owner_password';
GRANT qredo_dash TO qredo_dash_owner WITH INHERIT FALSE, SET TRUE;
CREATE DATABASE qredo_dash OWNER qredo_dash_owner TEMPLATE template0 ENCODING 'UTF8'
    LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
SQL
