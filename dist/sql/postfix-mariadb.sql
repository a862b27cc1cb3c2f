-- Views for Postfix's maps and other programs that know the tables of PostfixAdmin (domain, alias, mailbox) and of
-- web-cyradm (domain, virtual). They show what Tabella has and cannot be written to. docs/postfix.md tells how to use them.
--
--	mariadb tabella < postfix-mariadb.sql
--	CREATE USER postfix@localhost IDENTIFIED BY '…';
--	GRANT SELECT ON tabella.domain TO postfix@localhost;		and so for alias, mailbox, virtual, dbmail_aliases
--
-- May be loaded again. Nothing is dropped that is a table of another program: then loading ends with an error.

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
	kind = 'backup' AS backupmx,
	active <> 0 AS active
FROM domains WHERE kind IN ('local', 'backup')
UNION ALL
SELECT lower_domain, lower_domain, '', 0, 0,
	0, 1
FROM dbmail_aliases
WHERE alias LIKE '%@_%' AND alias NOT LIKE '%@.%'
	AND lower_domain NOT IN (SELECT name FROM domains)
GROUP BY lower_domain
UNION ALL
SELECT lower_domain, lower_domain, '', 0, 0,
	0, 1
FROM dbmail_users u
WHERE user_idnr > 3 AND userid LIKE '%@_%'
	AND lower_domain NOT IN (SELECT name FROM domains)
	AND NOT EXISTS (SELECT 1 FROM dbmail_aliases a WHERE a.lower_domain = u.lower_domain)
GROUP BY lower_domain;

-- A row for each target. What ends here goes to the address itself: Tabella knows whose it is.
CREATE VIEW virtual AS
SELECT DISTINCT a.lower_alias AS alias,
	CASE WHEN a.deliver_to LIKE '%@%' AND substr(a.deliver_to, 1, 1) NOT IN ('|', '!')
		THEN a.deliver_to ELSE a.lower_alias END AS dest,
	coalesce(u.userid, '') AS username,
	CASE WHEN a.deliver_to REGEXP '[^0-9]' OR u.active <> 0 THEN 1 ELSE 0 END AS status
FROM dbmail_aliases a
LEFT JOIN dbmail_users u ON u.user_idnr = CASE WHEN a.deliver_to REGEXP '^[0-9]{1,18}$' THEN CAST(a.deliver_to AS UNSIGNED) END
WHERE a.alias LIKE '%@_%';

-- A row for each address, its targets between commas; active if one of them is.
CREATE VIEW alias AS
SELECT a.lower_alias AS address,
	group_concat(DISTINCT CASE WHEN a.deliver_to LIKE '%@%' AND substr(a.deliver_to, 1, 1) NOT IN ('|', '!')
		THEN a.deliver_to ELSE a.lower_alias END) AS goto,
	a.lower_domain AS domain,
	max(CASE WHEN a.deliver_to REGEXP '[^0-9]' OR u.active <> 0 THEN 1 ELSE 0 END) AS active
FROM dbmail_aliases a
LEFT JOIN dbmail_users u ON u.user_idnr = CASE WHEN a.deliver_to REGEXP '^[0-9]{1,18}$' THEN CAST(a.deliver_to AS UNSIGNED) END
WHERE a.alias LIKE '%@_%'
GROUP BY a.lower_alias, a.lower_domain;

-- A row for each account. There are no files: maildir is what PostfixAdmin would say.
CREATE VIEW mailbox AS
SELECT lower_userid AS username,
	'' AS name,
	concat(CASE WHEN userid LIKE '%@_%'
		THEN concat(lower_domain, '/', substr(lower_userid, 1, instr(userid, '@') - 1))
		ELSE lower_userid END, '/') AS maildir,
	maxmail_size AS quota,
	CASE WHEN userid LIKE '%@_%' THEN substr(lower_userid, 1, instr(userid, '@') - 1) ELSE lower_userid END
		AS local_part,
	CASE WHEN userid LIKE '%@_%' THEN lower_domain ELSE '' END AS domain,
	active <> 0 AS active
FROM dbmail_users WHERE user_idnr > 3;
