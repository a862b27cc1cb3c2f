#include "store/site_status_sql.h"

const struct db_sql sql_site_nodes_old = { .name = "site.nodes_old",
	.text = "SELECT number, incarnation, renewed FROM mail_nodes ORDER BY number" };

const struct db_sql sql_site_nodes = { .name = "site.nodes",
	.text = "SELECT number, incarnation, renewed, expires,"
		" expires - CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT),"
		" serves, started, host, pid, program, schema_known"
		" FROM mail_nodes ORDER BY number",
	.mariadb = "SELECT number, incarnation, renewed, expires,"
		   " expires - CAST(unix_timestamp(now(3)) * 1000 AS SIGNED),"
		   " serves, started, host, pid, program, schema_known"
		   " FROM mail_nodes ORDER BY number",
	.sqlite = "SELECT number, incarnation, renewed, expires,"
		  " expires - CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER),"
		  " serves, started, host, pid, program, schema_known"
		  " FROM mail_nodes ORDER BY number" };

const struct db_sql sql_site_engine = { .name = "site.engine",
	.pgsql =
	    "SELECT current_setting('server_version'), pg_database_size(current_database())",
	.mariadb =
	    "SELECT version(), CAST(coalesce(sum(data_length + index_length), 0) AS SIGNED)"
	    " FROM information_schema.tables WHERE table_schema = database()",
	.sqlite = "SELECT sqlite_version(), page_count * page_size"
		  " FROM pragma_page_count(), pragma_page_size()" };

const struct db_sql sql_site_tables = { .name = "site.tables",
	.pgsql = "SELECT c.relname, CAST(c.reltuples AS BIGINT), pg_total_relation_size(c.oid)"
		 " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		 " WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') ORDER BY 1",
	.mariadb = "SELECT table_name, CAST(coalesce(table_rows, -1) AS SIGNED),"
		   " CAST(coalesce(data_length + index_length, -1) AS SIGNED)"
		   " FROM information_schema.tables"
		   " WHERE table_schema = database() AND table_type = 'BASE TABLE' ORDER BY 1",
	.sqlite = "SELECT name, -1, -1 FROM sqlite_schema"
		  " WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1" };

const struct db_sql sql_site_messages = { .name = "site.messages",
	.text = "SELECT coalesce(sum(messages), 0) FROM mail_accounts",
	.pgsql = "SELECT CAST(coalesce(sum(messages), 0) AS BIGINT) FROM mail_accounts",
	.mariadb = "SELECT CAST(coalesce(sum(messages), 0) AS SIGNED) FROM mail_accounts" };

/* What is asked of everybody; names are those of the answer. */
const struct db_sql sql_site_facts = { .name = "site.facts",
	.pgsql =
	    "SELECT 'connections', CAST((SELECT count(*) FROM pg_stat_activity"
	    " WHERE datname = current_database()) AS TEXT)"
	    " UNION ALL SELECT 'connections_max', current_setting('max_connections')"
	    " UNION ALL SELECT 'in_recovery', CAST(CAST(pg_is_in_recovery() AS INT) AS TEXT)"
	    " UNION ALL SELECT 'synchronous_commit', current_setting('synchronous_commit')"
	    " UNION ALL SELECT 'fsync', current_setting('fsync')"
	    " UNION ALL SELECT 'synchronous_standby_names',"
	    " current_setting('synchronous_standby_names')"
	    " UNION ALL SELECT 'replay_lag_bytes', CAST(pg_wal_lsn_diff("
	    "pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) AS TEXT)"
	    " WHERE pg_is_in_recovery()",
	.mariadb = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected',"
		   " 'wsrep_cluster_status', 'wsrep_cluster_size', 'wsrep_local_state_comment',"
		   " 'wsrep_ready', 'wsrep_local_recv_queue', 'wsrep_flow_control_paused')",
	.sqlite = "SELECT 'free_bytes', freelist_count * page_size"
		  " FROM pragma_freelist_count(), pragma_page_size()"
		  " UNION ALL SELECT 'journal', journal_mode FROM pragma_journal_mode()"
		  " UNION ALL SELECT 'page_size', page_size FROM pragma_page_size()" };

const struct db_sql sql_site_settings = { .name = "site.settings",
	.pgsql = "SELECT 'schema', current_schema()",
	.mariadb =
	    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_connections', 'read_only',"
	    " 'innodb_flush_log_at_trx_commit', 'sync_binlog', 'wsrep_on')",
	.sqlite = "SELECT 'auto_vacuum', auto_vacuum FROM pragma_auto_vacuum()" };

/* Who follows this server. */
const struct db_sql sql_site_standbys = { .name = "site.standbys",
	.pgsql =
	    "SELECT 'standby ' || coalesce(nullif(application_name, ''), CAST(pid AS TEXT)),"
	    " coalesce(state, '?') || ', ' || coalesce(sync_state, '?') || ', ' ||"
	    " coalesce(CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS TEXT), '?') ||"
	    " ' bytes behind' FROM pg_stat_replication WHERE NOT pg_is_in_recovery()",
	.mariadb = "SELECT 'none', '' FROM information_schema.tables WHERE 1 = 0",
	.sqlite = "SELECT 'none', '' WHERE 1 = 0" };
