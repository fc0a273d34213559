#!/bin/sh
# Brings Temporal's tables up to date. Safe to run again: what is there already is left as it is.
set -eu

for name in temporal visibility; do
  case $name in
    temporal) database=temporal ;;
    visibility) database=temporal_visibility ;;
  esac
  tool="temporal-sql-tool --plugin postgres12 --ep $SQL_HOST -p 5432 -u $SQL_USER --db $database"
  $tool setup-schema -v 0.0
  $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$name/versioned"
done
