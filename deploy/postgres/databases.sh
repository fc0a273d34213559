#!/bin/sh
# Runs once, on an empty data folder: a role and its databases for the product, and for Temporal.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres \
  --set trunkline_password="$TRUNKLINE_DB_PASSWORD" --set temporal_password="$TEMPORAL_DB_PASSWORD" <<'SQL'
create role trunkline login password :'trunkline_password';
create role temporal login password :'temporal_password';
create database trunkline owner trunkline;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke connect on database trunkline, temporal, temporal_visibility from public;
SQL
