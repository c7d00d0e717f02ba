#!/bin/sh
# Starts Valkey with the password that a file holds, and with the options that are given. The configuration comes
# on standard input, so that the password is neither an argument that `ps` shows nor a variable.
set -eu
: "${VALKEY_PASSWORD_FILE:=/run/secrets/valkey_password}"
if ! [ -r "$VALKEY_PASSWORD_FILE" ] || ! [ -s "$VALKEY_PASSWORD_FILE" ]; then
    echo "$VALKEY_PASSWORD_FILE is missing or empty, or $(id -un) may not read it. Valkey was not started." >&2
    exit 1
fi
password=$(cat "$VALKEY_PASSWORD_FILE")
case $password in
*[!A-Za-z0-9_.~-]*)
    echo "$VALKEY_PASSWORD_FILE may hold letters, digits, and _ . ~ - alone. Valkey was not started." >&2
    exit 1
    ;;
esac
exec valkey-server - "$@" <<CONFIGURATION
requirepass $password
CONFIGURATION
