-- Views for Postfix's maps and other programs that know the tables of PostfixAdmin (domain, alias, mailbox) and of
-- web-cyradm (domain, virtual). They show what Tabella has and cannot be written to. docs/postfix.md tells how to use them.
--
--	psql --set=ON_ERROR_STOP=1 --dbname=tabella --file=postfix-pgsql.sql
--	CREATE ROLE postfix LOGIN PASSWORD '…';
--	GRANT SELECT ON domain, alias, mailbox, virtual, dbmail_aliases TO postfix;
--
-- May be loaded again. Nothing is dropped that is a table of another program: then loading ends with an error.

BEGIN;

DROP VIEW IF EXISTS domain;
DROP VIEW IF EXISTS alias;
DROP VIEW IF EXISTS mailbox;
DROP VIEW IF EXISTS virtual;

-- Those that were added, and those of addresses and logins, which are domains, too. domain_name, web-cyradm's, is NULL
-- where mail does not end here.
CREATE VIEW domain AS
SELECT name AS domain,
	CASE WHEN kind = 'local' AND active <> 0 THEN name END AS domain_name,
	description,
	max_aliases AS aliases,
	max_accounts AS mailboxes,
	CASE WHEN kind = 'backup' THEN 1 ELSE 0 END AS backupmx,
	CASE WHEN active <> 0 THEN 1 ELSE 0 END AS active
FROM domains WHERE kind IN ('local', 'backup')
UNION ALL
SELECT lower(substr(alias, strpos(alias, '@') + 1)), lower(substr(alias, strpos(alias, '@') + 1)), '', 0, 0,
	0, 1
FROM dbmail_aliases
WHERE alias LIKE '%@_%' AND alias NOT LIKE '%@.%'
	AND lower(substr(alias, strpos(alias, '@') + 1)) NOT IN (SELECT name FROM domains)
GROUP BY lower(substr(alias, strpos(alias, '@') + 1))
UNION ALL
SELECT lower(substr(userid, strpos(userid, '@') + 1)), lower(substr(userid, strpos(userid, '@') + 1)), '', 0, 0,
	0, 1
FROM dbmail_users
WHERE user_idnr > 3 AND userid LIKE '%@_%'
	AND lower(substr(userid, strpos(userid, '@') + 1)) NOT IN (SELECT name FROM domains)
	AND NOT EXISTS (SELECT 1 FROM dbmail_aliases
		WHERE lower(substr(alias, strpos(alias, '@') + 1)) = lower(substr(userid, strpos(userid, '@') + 1)))
GROUP BY lower(substr(userid, strpos(userid, '@') + 1));

-- A row for each target. What ends here goes to the address itself: Tabella knows whose it is.
CREATE VIEW virtual AS
SELECT DISTINCT lower(a.alias) AS alias,
	CASE WHEN a.deliver_to LIKE '%@%' AND substr(a.deliver_to, 1, 1) NOT IN ('|', '!')
		THEN a.deliver_to ELSE lower(a.alias) END AS dest,
	coalesce(u.userid, '') AS username,
	CASE WHEN a.deliver_to ~ '[^0-9]' OR u.active <> 0 THEN 1 ELSE 0 END AS status
FROM dbmail_aliases a
LEFT JOIN dbmail_users u ON u.user_idnr = CASE WHEN a.deliver_to ~ '^[0-9]{1,18}$' THEN CAST(a.deliver_to AS BIGINT) END
WHERE a.alias LIKE '%@_%';

-- A row for each address, its targets between commas; active if one of them is.
CREATE VIEW alias AS
SELECT lower(a.alias) AS address,
	string_agg(DISTINCT CASE WHEN a.deliver_to LIKE '%@%' AND substr(a.deliver_to, 1, 1) NOT IN ('|', '!')
		THEN a.deliver_to ELSE lower(a.alias) END, ',') AS goto,
	lower(substr(a.alias, strpos(a.alias, '@') + 1)) AS domain,
	max(CASE WHEN a.deliver_to ~ '[^0-9]' OR u.active <> 0 THEN 1 ELSE 0 END) AS active
FROM dbmail_aliases a
LEFT JOIN dbmail_users u ON u.user_idnr = CASE WHEN a.deliver_to ~ '^[0-9]{1,18}$' THEN CAST(a.deliver_to AS BIGINT) END
WHERE a.alias LIKE '%@_%'
GROUP BY lower(a.alias), lower(substr(a.alias, strpos(a.alias, '@') + 1));

-- A row for each account. There are no files: maildir is what PostfixAdmin would say.
CREATE VIEW mailbox AS
SELECT lower(userid) AS username,
	'' AS name,
	CASE WHEN userid LIKE '%@_%'
		THEN lower(substr(userid, strpos(userid, '@') + 1)) || '/' || lower(substr(userid, 1, strpos(userid, '@') - 1))
		ELSE lower(userid) END || '/' AS maildir,
	maxmail_size AS quota,
	CASE WHEN userid LIKE '%@_%' THEN lower(substr(userid, 1, strpos(userid, '@') - 1)) ELSE lower(userid) END
		AS local_part,
	CASE WHEN userid LIKE '%@_%' THEN lower(substr(userid, strpos(userid, '@') + 1)) ELSE '' END AS domain,
	CASE WHEN active <> 0 THEN 1 ELSE 0 END AS active
FROM dbmail_users WHERE user_idnr > 3;

COMMIT;
