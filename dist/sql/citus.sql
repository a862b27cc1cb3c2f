-- Tabella on Citus: mail spread over machines by account. Run once, on the coordinator, as the database's owner, after
-- `tabella init` or `tabella db upgrade` and before there is much mail:
--
--     psql URL -v ON_ERROR_STOP=1 -f citus.sql
--
-- docs/scaling.md says what this gives and what it costs. tools/check-sharding compares it with the schema.

BEGIN;

-- Administration tables stand on every machine: they are small, joined to all mail, and seldom written. Those that
-- others refer to come first.
SELECT create_reference_table('dbmail_users');
SELECT create_reference_table('dbmail_mailboxes');
SELECT create_reference_table('dbmail_acl');
SELECT create_reference_table('dbmail_subscription');
SELECT create_reference_table('dbmail_sievescripts');
SELECT create_reference_table('dbmail_auto_notifications');
SELECT create_reference_table('dbmail_auto_replies');
SELECT create_reference_table('dbmail_filters');
SELECT create_reference_table('dbmail_aliases');
SELECT create_reference_table('dbmail_usermap');
SELECT create_reference_table('domains');
SELECT create_reference_table('domain_admins');
SELECT create_reference_table('account_settings');
SELECT create_reference_table('mailbox_settings');
SELECT create_reference_table('acl_extra');
SELECT create_reference_table('auth_keys');
SELECT create_reference_table('app_passwords');

-- An account's mail is on one machine, all of it: a delivery, a FETCH, a MOVE inside the account touch one machine.
SELECT create_distributed_table('mail_accounts', 'owner', colocate_with => 'none');
SELECT create_distributed_table('mail_mailboxes', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_keywords', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_entries', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_entry_keywords', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_seen', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_objects', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_contents', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_thread_ids', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_expunged', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_removed', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('mail_journal', 'owner', colocate_with => 'mail_accounts');
SELECT create_distributed_table('delivery_keys', 'owner', colocate_with => 'mail_accounts');

-- Large parts are shared by all accounts, so they are spread by what they hold, and who refers to them beside them.
SELECT create_distributed_table('mail_blobs', 'hash', colocate_with => 'none');
SELECT create_distributed_table('mail_chunks', 'hash', colocate_with => 'mail_blobs');
SELECT create_distributed_table('mail_blob_refs', 'hash', colocate_with => 'mail_blobs');

COMMIT;

-- These stay on the coordinator, which every node of Tabella is connected to; no statement joins them to mail.
-- local: login_failures
-- local: mail_nodes
-- local: mail_schema
-- local: mail_copy
-- local: site_secrets
-- local: audit_log
-- local: dbmail_authlog
-- local: dbmail_pbsp
-- local: dbmail_replycache
-- local: dbmail_upgrade_steps
