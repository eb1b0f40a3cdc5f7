#!/bin/sh
# Run once by the image of PostgreSQL, when it makes the database: a role that may look and nothing else.
set -eu
password=$(cat /run/secrets/recoverd/recoverd)
psql -v ON_ERROR_STOP=1 -v password="$password" --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
CREATE ROLE recoverd LOGIN PASSWORD :'password';
GRANT pg_monitor TO recoverd;
SQL
