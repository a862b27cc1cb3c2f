-- What belongs to the site and not to an account. Never shown, never logged.

CREATE TABLE site_secrets (
	name TEXT PRIMARY KEY,                    -- 'scram': the salts of logins are made with it
	value TEXT NOT NULL                       -- hexadecimal
) WITHOUT ROWID;
