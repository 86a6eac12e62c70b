//! What is asked about tables, indexes and connections.

use crate::postgres::sql::own_tables::OWN_SCHEMA;
use crate::postgres::sql::own_tables::of_extension;

/// Since when things are counted; tables, indexes and connections, the largest first.
pub(crate) fn usage() -> String {
    format!(
        "SELECT to_char(d.stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS atlas_since\n\
         FROM pg_stat_database d WHERE d.datname = current_database();\n\
         SELECT format('%I.%I', n.nspname, c.relname) AS atlas_table, s.table_size - s.toast, s.indexes, s.toast,\n\
         CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END\n\
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         CROSS JOIN LATERAL (SELECT coalesce(pg_table_size(c.oid), 0) AS table_size,\n\
         \x20 coalesce(pg_indexes_size(c.oid), 0) AS indexes,\n\
         \x20 coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0) AS toast) s\n\
         WHERE c.relkind IN ('r', 'm') AND {OWN_SCHEMA} AND NOT {of_extension} ORDER BY s.table_size + s.indexes DESC, 1;\n\
         SELECT format('%I.%I', n.nspname, x.relname) AS atlas_index, format('%I.%I', n.nspname, c.relname),\n\
         coalesce(pg_relation_size(x.oid), 0), coalesce(pg_stat_get_numscans(x.oid), 0),\n\
         i.indisunique OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid AND k.conrelid = c.oid),\n\
         concat_ws(' ', i.indrelid, x.relam, i.indnkeyatts, i.indkey, i.indclass, i.indcollation, i.indoption,\n\
         \x20 pg_get_expr(i.indexprs, i.indrelid), 'WHERE', pg_get_expr(i.indpred, i.indrelid))\n\
         FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid\n\
         JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         WHERE x.relkind = 'i' AND c.relkind IN ('r', 'm') AND {OWN_SCHEMA} AND NOT {of_extension} ORDER BY 3 DESC, 1;\n\
         SELECT coalesce(a.state, 'not visible') AS atlas_connections, a.application_name, count(*)\n\
         FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()\n\
         AND coalesce(a.backend_type, 'client backend') = 'client backend'\n\
         GROUP BY a.state, a.application_name ORDER BY 3 DESC, 1, 2;\n",
        of_extension = of_extension("pg_class", "c.oid"),
    )
}
