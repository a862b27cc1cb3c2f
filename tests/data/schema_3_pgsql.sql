-- A site of schema 3 on PostgreSQL: what schema_3_sqlite.sql holds.
SET check_function_bodies = false;
CREATE FUNCTION public.mail_text(bytes bytea) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
BEGIN
	RETURN convert_from(bytes, 'UTF8');
EXCEPTION WHEN OTHERS THEN
	RETURN encode(bytes, 'escape');
END
$$;
CREATE TABLE public.account_settings (
    user_idnr bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.acl_extra (
    mailbox_id bigint NOT NULL,
    identifier text NOT NULL COLLATE pg_catalog."C",
    rights text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.app_passwords (
    id bigint NOT NULL,
    user_idnr bigint NOT NULL,
    label text NOT NULL COLLATE pg_catalog."C",
    passwd text NOT NULL COLLATE pg_catalog."C",
    services text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    created bigint DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.app_passwords_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.app_passwords_id_seq OWNED BY public.app_passwords.id;
CREATE TABLE public.audit_log (
    id bigint NOT NULL,
    at bigint NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    source text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    object text NOT NULL COLLATE pg_catalog."C",
    details text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);
CREATE SEQUENCE public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_log_id_seq OWNED BY public.audit_log.id;
CREATE TABLE public.auth_keys (
    user_idnr bigint NOT NULL,
    mechanism text NOT NULL COLLATE pg_catalog."C",
    made_from text NOT NULL COLLATE pg_catalog."C",
    data text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.dbmail_acl (
    user_id bigint NOT NULL,
    mailbox_id bigint NOT NULL,
    lookup_flag smallint DEFAULT 0 NOT NULL,
    read_flag smallint DEFAULT 0 NOT NULL,
    seen_flag smallint DEFAULT 0 NOT NULL,
    write_flag smallint DEFAULT 0 NOT NULL,
    insert_flag smallint DEFAULT 0 NOT NULL,
    post_flag smallint DEFAULT 0 NOT NULL,
    create_flag smallint DEFAULT 0 NOT NULL,
    delete_flag smallint DEFAULT 0 NOT NULL,
    deleted_flag smallint DEFAULT 0 NOT NULL,
    expunge_flag smallint DEFAULT 0 NOT NULL,
    administer_flag smallint DEFAULT 0 NOT NULL
);
CREATE TABLE public.dbmail_aliases (
    alias_idnr bigint NOT NULL,
    alias text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    deliver_to text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    client_idnr bigint DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.dbmail_alias_idnr_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.dbmail_alias_idnr_seq OWNED BY public.dbmail_aliases.alias_idnr;
CREATE TABLE public.dbmail_authlog (
    id bigint NOT NULL,
    userid text COLLATE pg_catalog."C",
    service text COLLATE pg_catalog."C",
    login_time timestamp without time zone,
    logout_time timestamp without time zone,
    src_ip text COLLATE pg_catalog."C",
    src_port bigint,
    dst_ip text COLLATE pg_catalog."C",
    dst_port bigint,
    status text DEFAULT 'active'::text COLLATE pg_catalog."C",
    bytes_rx bigint DEFAULT 0 NOT NULL,
    bytes_tx bigint DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.dbmail_authlog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.dbmail_authlog_id_seq OWNED BY public.dbmail_authlog.id;
CREATE TABLE public.dbmail_auto_notifications (
    user_idnr bigint NOT NULL,
    notify_address text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.dbmail_auto_replies (
    user_idnr bigint NOT NULL,
    start_date timestamp without time zone DEFAULT '1980-01-01 22:05:58'::timestamp without time zone NOT NULL,
    stop_date timestamp without time zone DEFAULT '1980-01-01 22:05:58'::timestamp without time zone NOT NULL,
    reply_body text COLLATE pg_catalog."C"
);
CREATE TABLE public.mail_objects (
    object bigint NOT NULL,
    owner bigint NOT NULL,
    size bigint NOT NULL,
    header_size bigint NOT NULL,
    trace_size bigint NOT NULL,
    sha256 bytea NOT NULL,
    parser bigint NOT NULL,
    thread bigint NOT NULL,
    message_id bytea,
    sent_date bigint,
    sort_subject bytea,
    sort_from bytea,
    sort_to bytea,
    sort_cc bytea,
    preview bytea,
    parts bytea NOT NULL,
    envelope bytea NOT NULL,
    structure bytea NOT NULL,
    encoded bigint DEFAULT 0 NOT NULL
);
CREATE VIEW public.dbmail_ccfield AS
 SELECT mail_objects.object AS physmessage_id,
    public.mail_text(mail_objects.sort_cc) AS ccfield,
    public.mail_text(mail_objects.sort_cc) AS sortfield
   FROM public.mail_objects;
CREATE VIEW public.dbmail_datefield AS
 SELECT mail_objects.object AS physmessage_id,
    (to_timestamp((mail_objects.sent_date)::double precision) AT TIME ZONE 'UTC'::text) AS datefield,
    (to_timestamp((mail_objects.sent_date)::double precision) AT TIME ZONE 'UTC'::text) AS sortfield
   FROM public.mail_objects;
CREATE VIEW public.dbmail_envelope AS
 SELECT mail_objects.object AS id,
    mail_objects.object AS physmessage_id,
    public.mail_text(mail_objects.envelope) AS envelope
   FROM public.mail_objects;
CREATE TABLE public.dbmail_filters (
    user_id bigint NOT NULL,
    id bigint NOT NULL,
    headername text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    headervalue text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    mailbox text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);
CREATE SEQUENCE public.dbmail_filters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.dbmail_filters_id_seq OWNED BY public.dbmail_filters.id;
CREATE VIEW public.dbmail_fromfield AS
 SELECT mail_objects.object AS physmessage_id,
    public.mail_text(mail_objects.sort_from) AS fromfield,
    public.mail_text(mail_objects.sort_from) AS sortfield
   FROM public.mail_objects;
CREATE VIEW public.dbmail_headername AS
 SELECT 1 AS id,
    'from'::text AS headername
UNION ALL
 SELECT 2 AS id,
    'to'::text AS headername
UNION ALL
 SELECT 3 AS id,
    'cc'::text AS headername
UNION ALL
 SELECT 4 AS id,
    'bcc'::text AS headername
UNION ALL
 SELECT 5 AS id,
    'date'::text AS headername
UNION ALL
 SELECT 6 AS id,
    'subject'::text AS headername
UNION ALL
 SELECT 7 AS id,
    'content-type'::text AS headername
UNION ALL
 SELECT 8 AS id,
    'content-disposition'::text AS headername
UNION ALL
 SELECT 9 AS id,
    'references'::text AS headername
UNION ALL
 SELECT 10 AS id,
    'in-reply-to'::text AS headername
UNION ALL
 SELECT 11 AS id,
    'reply-to'::text AS headername
UNION ALL
 SELECT 12 AS id,
    'return-path'::text AS headername;
CREATE TABLE public.mail_entries (
    owner bigint NOT NULL,
    mailbox bigint NOT NULL,
    uid bigint NOT NULL,
    id bigint NOT NULL,
    object bigint NOT NULL,
    flags bigint NOT NULL,
    modseq bigint NOT NULL,
    internal_date bigint NOT NULL,
    internal_zone bigint DEFAULT 0 NOT NULL,
    save_date bigint NOT NULL,
    size bigint NOT NULL
)
WITH (fillfactor='90', autovacuum_vacuum_scale_factor='0.05', autovacuum_analyze_scale_factor='0.05');
CREATE TABLE public.mail_entry_keywords (
    owner bigint NOT NULL,
    mailbox bigint NOT NULL,
    uid bigint NOT NULL,
    number bigint NOT NULL
);
CREATE TABLE public.mail_keywords (
    owner bigint NOT NULL,
    mailbox bigint NOT NULL,
    number bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C"
);
CREATE VIEW public.dbmail_keywords AS
 SELECT e.id AS message_idnr,
    k.name AS keyword
   FROM (public.mail_entries e
     JOIN public.mail_keywords k ON (((k.owner = e.owner) AND (k.mailbox = e.mailbox))))
  WHERE ((k.number < 48) AND (((e.flags >> ((k.number + 8))::integer) & (1)::bigint) = 1))
UNION ALL
 SELECT e.id AS message_idnr,
    k.name AS keyword
   FROM ((public.mail_entry_keywords x
     JOIN public.mail_entries e ON (((e.owner = x.owner) AND (e.mailbox = x.mailbox) AND (e.uid = x.uid))))
     JOIN public.mail_keywords k ON (((k.owner = x.owner) AND (k.mailbox = x.mailbox) AND (k.number = x.number))));
CREATE TABLE public.dbmail_mailboxes (
    mailbox_idnr bigint NOT NULL,
    owner_idnr bigint DEFAULT 0 NOT NULL,
    name text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    seen_flag smallint DEFAULT 0 NOT NULL,
    answered_flag smallint DEFAULT 0 NOT NULL,
    deleted_flag smallint DEFAULT 0 NOT NULL,
    flagged_flag smallint DEFAULT 0 NOT NULL,
    recent_flag smallint DEFAULT 0 NOT NULL,
    draft_flag smallint DEFAULT 0 NOT NULL,
    no_inferiors smallint DEFAULT 0 NOT NULL,
    no_select smallint DEFAULT 0 NOT NULL,
    permission smallint DEFAULT 2,
    seq bigint DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.dbmail_mailbox_idnr_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.dbmail_mailbox_idnr_seq OWNED BY public.dbmail_mailboxes.mailbox_idnr;
CREATE TABLE public.mail_mailboxes (
    owner bigint NOT NULL,
    mailbox bigint NOT NULL,
    uidvalidity bigint NOT NULL,
    uidnext bigint DEFAULT 1 NOT NULL,
    messages bigint DEFAULT 0 NOT NULL,
    unseen bigint DEFAULT 0 NOT NULL,
    deleted bigint DEFAULT 0 NOT NULL,
    size bigint DEFAULT 0 NOT NULL,
    highestmodseq bigint DEFAULT 1 NOT NULL,
    expunged_floor bigint DEFAULT 0 NOT NULL,
    first_recent bigint DEFAULT 1 NOT NULL,
    first_unseen bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000');
CREATE VIEW public.dbmail_messages AS
 SELECT e.id AS message_idnr,
    e.mailbox AS mailbox_idnr,
    e.object AS physmessage_id,
    (((e.flags & (1)::bigint) <> 0))::integer AS seen_flag,
    (((e.flags & (2)::bigint) <> 0))::integer AS answered_flag,
    (((e.flags & (8)::bigint) <> 0))::integer AS deleted_flag,
    (((e.flags & (4)::bigint) <> 0))::integer AS flagged_flag,
    ((e.uid >= m.first_recent))::integer AS recent_flag,
    (((e.flags & (16)::bigint) <> 0))::integer AS draft_flag,
    lpad(to_hex(e.id), 32, '0'::text) AS unique_id,
    0 AS status,
    e.modseq AS seq
   FROM ((public.mail_entries e
     JOIN public.mail_mailboxes m ON (((m.owner = e.owner) AND (m.mailbox = e.mailbox))))
     JOIN public.dbmail_mailboxes b ON (((b.mailbox_idnr = e.mailbox) AND (b.owner_idnr = e.owner))));
CREATE TABLE public.dbmail_pbsp (
    idnr bigint NOT NULL,
    since timestamp without time zone DEFAULT '1980-01-01 22:05:58'::timestamp without time zone NOT NULL,
    ipnumber text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);
CREATE VIEW public.dbmail_physmessage AS
 SELECT o.object AS id,
    o.size AS messagesize,
    o.size AS rfcsize,
    (to_timestamp((( SELECT min(e.internal_date) AS min
           FROM public.mail_entries e
          WHERE ((e.object = o.object) AND (e.owner = o.owner))))::double precision) AT TIME ZONE 'UTC'::text) AS internal_date
   FROM public.mail_objects o;
CREATE TABLE public.dbmail_replycache (
    to_addr text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    from_addr text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    handle text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    lastseen timestamp without time zone DEFAULT '1980-01-01 22:05:58'::timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.dbmail_seq_pbsp_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.dbmail_seq_pbsp_id OWNED BY public.dbmail_pbsp.idnr;
CREATE TABLE public.dbmail_sievescripts (
    owner_idnr bigint DEFAULT 0 NOT NULL,
    name text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    script text COLLATE pg_catalog."C",
    active smallint DEFAULT 0 NOT NULL
);
CREATE VIEW public.dbmail_subjectfield AS
 SELECT mail_objects.object AS physmessage_id,
    public.mail_text(mail_objects.sort_subject) AS subjectfield,
    public.mail_text(mail_objects.sort_subject) AS sortfield
   FROM public.mail_objects;
CREATE TABLE public.dbmail_subscription (
    user_id bigint NOT NULL,
    mailbox_id bigint NOT NULL
);
CREATE VIEW public.dbmail_tofield AS
 SELECT mail_objects.object AS physmessage_id,
    public.mail_text(mail_objects.sort_to) AS tofield,
    public.mail_text(mail_objects.sort_to) AS sortfield
   FROM public.mail_objects;
CREATE TABLE public.dbmail_upgrade_steps (
    from_version bigint NOT NULL,
    to_version bigint NOT NULL,
    applied timestamp without time zone DEFAULT (now() AT TIME ZONE 'UTC'::text) NOT NULL
);
CREATE TABLE public.dbmail_users (
    user_idnr bigint NOT NULL,
    userid text NOT NULL COLLATE pg_catalog."C",
    passwd text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    client_idnr bigint DEFAULT 0 NOT NULL,
    maxmail_size bigint DEFAULT 0 NOT NULL,
    curmail_size bigint DEFAULT 0 NOT NULL,
    encryption_type text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    last_login timestamp without time zone DEFAULT '1979-11-03 22:05:58'::timestamp without time zone NOT NULL,
    spasswd text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    saction smallint DEFAULT 0 NOT NULL,
    active smallint DEFAULT 1 NOT NULL
)
WITH (fillfactor='80');
CREATE SEQUENCE public.dbmail_user_idnr_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.dbmail_user_idnr_seq OWNED BY public.dbmail_users.user_idnr;
CREATE TABLE public.dbmail_usermap (
    login text NOT NULL COLLATE pg_catalog."C",
    sock_allow text NOT NULL COLLATE pg_catalog."C",
    sock_deny text NOT NULL COLLATE pg_catalog."C",
    userid text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.delivery_keys (
    owner bigint NOT NULL,
    delivery_key bytea NOT NULL,
    session bigint NOT NULL,
    serial bigint NOT NULL,
    node bigint NOT NULL,
    created bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000');
CREATE TABLE public.domain_admins (
    domain text NOT NULL COLLATE pg_catalog."C",
    user_idnr bigint NOT NULL
);
CREATE TABLE public.domains (
    name text NOT NULL COLLATE pg_catalog."C",
    kind text DEFAULT 'local'::text NOT NULL COLLATE pg_catalog."C",
    active smallint DEFAULT 1 NOT NULL,
    description text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    max_accounts bigint DEFAULT 0 NOT NULL,
    max_aliases bigint DEFAULT 0 NOT NULL,
    max_quota bigint DEFAULT 0 NOT NULL,
    quota bigint DEFAULT 0 NOT NULL,
    created bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.mail_accounts (
    owner bigint NOT NULL,
    modseq bigint DEFAULT 1 NOT NULL,
    bytes bigint DEFAULT 0 NOT NULL,
    messages bigint DEFAULT 0 NOT NULL,
    uidvalidity_last bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000');
CREATE TABLE public.mail_blob_refs (
    hash bytea NOT NULL,
    owner bigint NOT NULL,
    object bigint NOT NULL
);
CREATE TABLE public.mail_blobs (
    hash bytea NOT NULL,
    size bigint NOT NULL,
    chunks bigint NOT NULL,
    touched bigint NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.mail_chunks (
    hash bytea NOT NULL,
    n bigint NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE ONLY public.mail_chunks ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE public.mail_contents (
    object bigint NOT NULL,
    owner bigint NOT NULL,
    header bytea NOT NULL,
    body bytea NOT NULL,
    extents bytea
);
ALTER TABLE ONLY public.mail_contents ALTER COLUMN header SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.mail_contents ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.mail_contents ALTER COLUMN extents SET STORAGE EXTERNAL;
CREATE TABLE public.mail_expunged (
    owner bigint NOT NULL,
    mailbox bigint NOT NULL,
    modseq bigint NOT NULL,
    first_uid bigint NOT NULL,
    last_uid bigint NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.mail_journal (
    owner bigint NOT NULL,
    id bigint NOT NULL,
    node bigint NOT NULL,
    mailbox bigint NOT NULL,
    uid_first bigint NOT NULL,
    uid_last bigint NOT NULL,
    started bigint NOT NULL,
    from_owner bigint DEFAULT 0 NOT NULL,
    from_mailbox bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.mail_nodes (
    number bigint NOT NULL,
    incarnation bigint NOT NULL,
    renewed bigint NOT NULL
);
CREATE TABLE public.mail_removed (
    owner bigint NOT NULL,
    mailbox bigint NOT NULL,
    uid bigint NOT NULL,
    id bigint NOT NULL,
    object bigint NOT NULL,
    flags bigint NOT NULL,
    internal_date bigint NOT NULL,
    internal_zone bigint DEFAULT 0 NOT NULL,
    save_date bigint NOT NULL,
    size bigint NOT NULL,
    removed bigint NOT NULL
);
CREATE TABLE public.mail_schema (
    version bigint NOT NULL,
    oldest bigint DEFAULT 0 NOT NULL,
    applied bigint
);
CREATE TABLE public.mail_seen (
    owner bigint NOT NULL,
    mailbox bigint NOT NULL,
    user_id bigint NOT NULL,
    uid bigint NOT NULL
);
CREATE TABLE public.mail_thread_ids (
    owner bigint NOT NULL,
    id_hash bigint NOT NULL,
    subject_hash bigint NOT NULL,
    thread bigint NOT NULL
);
CREATE TABLE public.mailbox_settings (
    mailbox_idnr bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.site_secrets (
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);
ALTER TABLE ONLY public.app_passwords ALTER COLUMN id SET DEFAULT nextval('public.app_passwords_id_seq'::regclass);
ALTER TABLE ONLY public.audit_log ALTER COLUMN id SET DEFAULT nextval('public.audit_log_id_seq'::regclass);
ALTER TABLE ONLY public.dbmail_aliases ALTER COLUMN alias_idnr SET DEFAULT nextval('public.dbmail_alias_idnr_seq'::regclass);
ALTER TABLE ONLY public.dbmail_authlog ALTER COLUMN id SET DEFAULT nextval('public.dbmail_authlog_id_seq'::regclass);
ALTER TABLE ONLY public.dbmail_filters ALTER COLUMN id SET DEFAULT nextval('public.dbmail_filters_id_seq'::regclass);
ALTER TABLE ONLY public.dbmail_mailboxes ALTER COLUMN mailbox_idnr SET DEFAULT nextval('public.dbmail_mailbox_idnr_seq'::regclass);
ALTER TABLE ONLY public.dbmail_pbsp ALTER COLUMN idnr SET DEFAULT nextval('public.dbmail_seq_pbsp_id'::regclass);
ALTER TABLE ONLY public.dbmail_users ALTER COLUMN user_idnr SET DEFAULT nextval('public.dbmail_user_idnr_seq'::regclass);
INSERT INTO public.auth_keys VALUES (4, 'SCRAM-SHA-1', '$argon2id$v=19$m=19456,t=2,p=1$ZQkL4kxychXEI4zBGgVsrQ$Wk0qxfrPp80MU48Ku4umzJ3hxTPA0EWuJJS8Tp1pvj8', '10000:3mSSIhtwAorbfFLWNpGFgQ==$gkINEGtbmf0nGkoleuykslunFGs=:wp7SAAmA97/14T2jNJFnFkOQJk4=');
INSERT INTO public.auth_keys VALUES (4, 'SCRAM-SHA-256', '$argon2id$v=19$m=19456,t=2,p=1$ZQkL4kxychXEI4zBGgVsrQ$Wk0qxfrPp80MU48Ku4umzJ3hxTPA0EWuJJS8Tp1pvj8', '10000:KR7wnffWH+Ce8oVu250qLg==$B2EkVrAvZsbs9R9n9vuCOfYcNr6XI3KYDut63sCUZ34=:8YE/poPjDkSh2kRSaTXXWZNmS1WCsaAn4yXOgc1hvKY=');
INSERT INTO public.auth_keys VALUES (5, 'SCRAM-SHA-1', '$argon2id$v=19$m=19456,t=2,p=1$2qM9xrP53Vn/O9O+j+aBmA$UlVy3g+WSWHDMZxpalRKSEFUobf0snM9Ygd27ljNTls', '10000:Gue6AmSYd9pu8+DheUw+eA==$/cbZkx8y1rVinVWSmZAmW/0UT8Y=:yT/+k5oTaCV/roVtC2X2dgkfetE=');
INSERT INTO public.auth_keys VALUES (5, 'SCRAM-SHA-256', '$argon2id$v=19$m=19456,t=2,p=1$2qM9xrP53Vn/O9O+j+aBmA$UlVy3g+WSWHDMZxpalRKSEFUobf0snM9Ygd27ljNTls', '10000:f6QHRAdxLlsO9YKRH7rl9g==$6ATiws5UqUfiXDUg7eLJaObY9eBT76IOMRFYzlMJF/8=:I5TqTEGRJ1cmX5o3Wi1i3I2VgO5quQq4hGUCz0YPDVY=');
INSERT INTO public.dbmail_aliases VALUES (1, 'one@example.test', '4', 0);
INSERT INTO public.dbmail_aliases VALUES (2, 'two@example.test', '5', 0);
INSERT INTO public.dbmail_aliases VALUES (3, 'both@example.test', '4', 0);
INSERT INTO public.dbmail_aliases VALUES (4, 'both@example.test', '5', 0);
INSERT INTO public.dbmail_mailboxes VALUES (1, 4, 'INBOX', 0, 0, 0, 0, 0, 0, 0, 0, 2, 1);
INSERT INTO public.dbmail_mailboxes VALUES (2, 5, 'INBOX', 0, 0, 0, 0, 0, 0, 0, 0, 2, 1);
INSERT INTO public.dbmail_mailboxes VALUES (3, 4, 'Archive', 0, 0, 0, 0, 0, 0, 0, 0, 2, 2);
INSERT INTO public.dbmail_mailboxes VALUES (4, 4, 'Archive/2026', 0, 0, 0, 0, 0, 0, 0, 0, 2, 2);
INSERT INTO public.dbmail_upgrade_steps VALUES (0, 3, '2026-11-21 07:48:24.647747');
INSERT INTO public.dbmail_users VALUES (1, '__@!internal_delivery_user!@__', '', 0, 0, 0, 'md5', '1979-11-03 22:05:58', '', 0, 1);
INSERT INTO public.dbmail_users VALUES (2, 'anyone', '', 0, 0, 0, 'md5', '1979-11-03 22:05:58', '', 0, 1);
INSERT INTO public.dbmail_users VALUES (3, '__public__', '', 0, 0, 0, 'md5', '1979-11-03 22:05:58', '', 0, 1);
INSERT INTO public.dbmail_users VALUES (4, 'one', '$argon2id$v=19$m=19456,t=2,p=1$ZQkL4kxychXEI4zBGgVsrQ$Wk0qxfrPp80MU48Ku4umzJ3hxTPA0EWuJJS8Tp1pvj8', 0, 0, 0, 'argon2id', '2026-11-21 07:07:11', '', 0, 1);
INSERT INTO public.dbmail_users VALUES (5, 'two', '$argon2id$v=19$m=19456,t=2,p=1$2qM9xrP53Vn/O9O+j+aBmA$UlVy3g+WSWHDMZxpalRKSEFUobf0snM9Ygd27ljNTls', 0, 0, 0, 'argon2id', '1979-11-03 22:05:58', '', 0, 1);
INSERT INTO public.domains VALUES ('example.test', 'local', 1, '', 0, 0, 0, 0, 1795244830);
INSERT INTO public.mail_accounts VALUES (4, 11, 1810, 5, 1795244832);
INSERT INTO public.mail_accounts VALUES (5, 6, 1908, 5, 1795244830);
INSERT INTO public.mail_contents VALUES (911875374386774017, 4, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c706c61696e406578616d706c652e6f72673e0d0a5375626a6563743a206120706c61696e206d6573736167650d0a0d0a4f6e65206c696e652e0d0a2e616e64206f6e65207468617420626567696e732077697468206120646f740d0a2e2e616e642074776f0d0a2e0d0a54686520656e642e0d0a', '\x', NULL);
INSERT INTO public.mail_contents VALUES (911875374390968320, 5, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c706c61696e406578616d706c652e6f72673e0d0a5375626a6563743a206120706c61696e206d6573736167650d0a0d0a4f6e65206c696e652e0d0a2e616e64206f6e65207468617420626567696e732077697468206120646f740d0a2e2e616e642074776f0d0a2e0d0a54686520656e642e0d0a', '\x', NULL);
INSERT INTO public.mail_contents VALUES (911875374923644928, 4, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c6e756c406578616d706c652e6f72673e0d0a5375626a6563743a204e554c730d0a0d0a6100620d0a000d0a', '\x', NULL);
INSERT INTO public.mail_contents VALUES (911875374923644930, 5, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c6e756c406578616d706c652e6f72673e0d0a5375626a6563743a204e554c730d0a0d0a6100620d0a000d0a', '\x', NULL);
INSERT INTO public.mail_contents VALUES (911875375376629761, 4, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a204ac3b67267203c6a6f657267406578616d706c652e6f72673e0d0a546f3a20626f62406578616d706c652e6e65740d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c726177406578616d706c652e6f72673e0d0a5375626a6563743a204772c3bcc39f650d0a4d494d452d56657273696f6e3a20312e300d0a436f6e74656e742d547970653a20746578742f706c61696e3b20636861727365743d7574662d380d0a436f6e74656e742d5472616e736665722d456e636f64696e673a20386269740d0a0d0a4772c3bcc39f6520617573204265726c696e0d0a', '\x', NULL);
INSERT INTO public.mail_contents VALUES (911875375380824065, 5, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a204ac3b67267203c6a6f657267406578616d706c652e6f72673e0d0a546f3a20626f62406578616d706c652e6e65740d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c726177406578616d706c652e6f72673e0d0a5375626a6563743a204772c3bcc39f650d0a4d494d452d56657273696f6e3a20312e300d0a436f6e74656e742d547970653a20746578742f706c61696e3b20636861727365743d7574662d380d0a436f6e74656e742d5472616e736665722d456e636f64696e673a20386269740d0a0d0a4772c3bcc39f6520617573204265726c696e0d0a', '\x', NULL);
INSERT INTO public.mail_contents VALUES (911875375838003200, 4, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0128b52ffd6051018d0b0036584d2620adb8010386e584b784e302b2d4fa91bdb0bd30cd782efbfde984998a05a8950459b9050601430041003e0009af2daeb529cd358dd304ecc3011d0736cf3e9ee6d909a9b0cdb30291222cece7497305df3ec929b293942c9496e60a2c2a196de0ce91ed6b629c91d63d5a88498a10995c4014942bcfe4b4cd41aace44acf19467fc2bc316f6a4b0bcf77e9707cd350c67a1cb58693f3c899240696e9df7f211b3f0a98e98b2ca7b63178aff39b2701272d6b8f03831f8b95a408db1033407c1b8e9d7f7fd946cb88ccf54bce66406465e3d6d77a5b9e63ed3bf7df99f9152b5271ef99a8dcff4bfd75c730bda1fcd7566c92bce6eee3d4c7420455173cd419025c11cb0a6c25990787887543530d4873a0a0b092614caf3215522c942cb632529971e6d88ea4c2d035057c4ba90be22c442620d15007d93c15fe38d2040dfe20cae0b306a4610b698b503c0da0b061c1d8636c58a3adcd8b375803198976b36ddb0c630020ae5f4592c304c3c', '\x', NULL);
INSERT INTO public.mail_contents VALUES (911875375838003202, 5, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0128b52ffd6051018d0b0036584d2620adb8010386e584b784e302b2d4fa91bdb0bd30cd782efbfde984998a05a8950459b9050601430041003e0009af2daeb529cd358dd304ecc3011d0736cf3e9ee6d909a9b0cdb30291222cece7497305df3ec929b293942c9496e60a2c2a196de0ce91ed6b629c91d63d5a88498a10995c4014942bcfe4b4cd41aace44acf19467fc2bc316f6a4b0bcf77e9707cd350c67a1cb58693f3c899240696e9df7f211b3f0a98e98b2ca7b63178aff39b2701272d6b8f03831f8b95a408db1033407c1b8e9d7f7fd946cb88ccf54bce66406465e3d6d77a5b9e63ed3bf7df99f9152b5271ef99a8dcff4bfd75c730bda1fcd7566c92bce6eee3d4c7420455173cd419025c11cb0a6c25990787887543530d4873a0a0b092614caf3215522c942cb632529971e6d88ea4c2d035057c4ba90be22c442620d15007d93c15fe38d2040dfe20cae0b306a4610b698b503c0da0b061c1d8636c58a3adcd8b375803198976b36ddb0c630020ae5f4592c304c3c', '\x', NULL);
INSERT INTO public.mail_contents VALUES (911875376249044993, 4, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c6576657279406578616d706c652e6f72673e0d0a5375626a6563743a20657665727920627974650d0a0d0a000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0d0a', '\x', NULL);
INSERT INTO public.mail_contents VALUES (911875376253239296, 5, '\x023252657475726e2d506174683a203c3e0d0a44656c6976657265642d546f3a20626f7468406578616d706c652e746573740d0a0046726f6d3a20416e6e204578616d706c65203c616e6e406578616d706c652e6f72673e0d0a546f3a20426f62203c626f62406578616d706c652e6e65743e0d0a446174653a204672692c203230204e6f7620323032362032303a31313a3336202b303130300d0a4d6573736167652d49443a203c6576657279406578616d706c652e6f72673e0d0a5375626a6563743a20657665727920627974650d0a0d0a000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0d0a', '\x', NULL);
INSERT INTO public.mail_entries VALUES (4, 1, 1, 911875374386774018, 911875374386774017, 257, 8, 1795244831, 0, 1795244831, 282);
INSERT INTO public.mail_entries VALUES (4, 1, 2, 911875374923644929, 911875374923644928, 0, 4, 1795244831, 0, 1795244831, 209);
INSERT INTO public.mail_entries VALUES (4, 1, 4, 911875375838003201, 911875375838003200, 0, 6, 1795244831, 0, 1795244831, 643);
INSERT INTO public.mail_entries VALUES (4, 1, 5, 911875376249044994, 911875376249044993, 0, 7, 1795244831, 0, 1795244831, 467);
INSERT INTO public.mail_entries VALUES (4, 4, 1, 911875377092100096, 911875374923644928, 0, 9, 1795244831, 0, 1795244831, 209);
INSERT INTO public.mail_entries VALUES (5, 2, 1, 911875374390968321, 911875374390968320, 0, 2, 1795244831, 0, 1795244831, 282);
INSERT INTO public.mail_entries VALUES (5, 2, 2, 911875374923644931, 911875374923644930, 0, 3, 1795244831, 0, 1795244831, 209);
INSERT INTO public.mail_entries VALUES (5, 2, 3, 911875375380824066, 911875375380824065, 0, 4, 1795244831, 0, 1795244831, 307);
INSERT INTO public.mail_entries VALUES (5, 2, 4, 911875375838003203, 911875375838003202, 0, 5, 1795244831, 0, 1795244831, 643);
INSERT INTO public.mail_entries VALUES (5, 2, 5, 911875376253239297, 911875376253239296, 0, 6, 1795244831, 0, 1795244831, 467);
INSERT INTO public.mail_expunged VALUES (4, 1, 11, 3, 3, 1795244831);
INSERT INTO public.mail_keywords VALUES (4, 1, 0, '$Label1');
INSERT INTO public.mail_mailboxes VALUES (4, 1, 1795244830, 6, 4, 3, 0, 1601, 11, 0, 6, 1);
INSERT INTO public.mail_mailboxes VALUES (4, 3, 1795244831, 1, 0, 0, 0, 0, 2, 0, 1, 0);
INSERT INTO public.mail_mailboxes VALUES (4, 4, 1795244832, 2, 1, 1, 0, 209, 9, 0, 1, 1);
INSERT INTO public.mail_mailboxes VALUES (5, 2, 1795244830, 6, 5, 5, 0, 1908, 6, 0, 1, 1);
INSERT INTO public.mail_objects VALUES (911875374386774017, 4, 282, 214, 50, '\x6fe95ab90c45f58a0b74965899dd793a092ce21da6f5b90c6f9ead2ab8624bbf', 1, 911875374386774017, '\x706c61696e406578616d706c652e6f7267', 1795201896, '\x4120504c41494e204d455353414745', '\x414e4e', '\x424f42', NULL, NULL, '\x010100a4014405', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b303130302220226120706c61696e206d6573736167652220282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822426f6222204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c706c61696e406578616d706c652e6f72673e2229', '\x282274657874222022706c61696e222028226368617273657422202275732d61736369692229204e494c204e494c202237626974222036382035204e494c204e494c204e494c204e494c29', 0);
INSERT INTO public.mail_objects VALUES (911875374390968320, 5, 282, 214, 50, '\x6fe95ab90c45f58a0b74965899dd793a092ce21da6f5b90c6f9ead2ab8624bbf', 1, 911875374390968320, '\x706c61696e406578616d706c652e6f7267', 1795201896, '\x4120504c41494e204d455353414745', '\x414e4e', '\x424f42', NULL, NULL, '\x010100a4014405', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b303130302220226120706c61696e206d6573736167652220282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822426f6222204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c706c61696e406578616d706c652e6f72673e2229', '\x282274657874222022706c61696e222028226368617273657422202275732d61736369692229204e494c204e494c202237626974222036382035204e494c204e494c204e494c204e494c29', 0);
INSERT INTO public.mail_objects VALUES (911875374923644928, 4, 209, 201, 50, '\x20a64760a0ad3278142641be963b9458aeedb066c77aa2cf650898aef118120f', 1, 911875374923644928, '\x6e756c406578616d706c652e6f7267', 1795201896, '\x4e554c53', '\x414e4e', '\x424f42', NULL, NULL, '\x01010097010802', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b303130302220224e554c732220282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822426f6222204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c6e756c406578616d706c652e6f72673e2229', '\x282274657874222022706c61696e222028226368617273657422202275732d61736369692229204e494c204e494c2022376269742220382032204e494c204e494c204e494c204e494c29', 0);
INSERT INTO public.mail_objects VALUES (911875374923644930, 5, 209, 201, 50, '\x20a64760a0ad3278142641be963b9458aeedb066c77aa2cf650898aef118120f', 1, 911875374923644930, '\x6e756c406578616d706c652e6f7267', 1795201896, '\x4e554c53', '\x414e4e', '\x424f42', NULL, NULL, '\x01010097010802', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b303130302220224e554c732220282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822426f6222204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c6e756c406578616d706c652e6f72673e2229', '\x282274657874222022706c61696e222028226368617273657422202275732d61736369692229204e494c204e494c2022376269742220382032204e494c204e494c204e494c204e494c29', 0);
INSERT INTO public.mail_objects VALUES (911875375376629761, 4, 307, 287, 50, '\x5c75d1d4d42581c0590d474304425b2c041099c5c07f531aef9ef2d5eee7e767', 1, 911875375376629761, '\x726177406578616d706c652e6f7267', 1795201896, '\x475255cc88e1ba9e45', '\x4a4f455247', '\x424f42', NULL, NULL, '\x010900ed011401', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b3031303022207b377d0d0a4772c3bcc39f652028287b357d0d0a4ac3b67267204e494c20226a6f6572672220226578616d706c652e6f72672229292028287b357d0d0a4ac3b67267204e494c20226a6f6572672220226578616d706c652e6f72672229292028287b357d0d0a4ac3b67267204e494c20226a6f6572672220226578616d706c652e6f72672229292028284e494c204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c726177406578616d706c652e6f72673e2229', '\x282274657874222022706c61696e22202822636861727365742220227574662d382229204e494c204e494c202238626974222032302031204e494c204e494c204e494c204e494c29', 1);
INSERT INTO public.mail_objects VALUES (911875375380824065, 5, 307, 287, 50, '\x5c75d1d4d42581c0590d474304425b2c041099c5c07f531aef9ef2d5eee7e767', 1, 911875375380824065, '\x726177406578616d706c652e6f7267', 1795201896, '\x475255cc88e1ba9e45', '\x4a4f455247', '\x424f42', NULL, NULL, '\x010900ed011401', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b3031303022207b377d0d0a4772c3bcc39f652028287b357d0d0a4ac3b67267204e494c20226a6f6572672220226578616d706c652e6f72672229292028287b357d0d0a4ac3b67267204e494c20226a6f6572672220226578616d706c652e6f72672229292028287b357d0d0a4ac3b67267204e494c20226a6f6572672220226578616d706c652e6f72672229292028284e494c204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c726177406578616d706c652e6f72673e2229', '\x282274657874222022706c61696e22202822636861727365742220227574662d382229204e494c204e494c202238626974222032302031204e494c204e494c204e494c204e494c29', 1);
INSERT INTO public.mail_objects VALUES (911875375838003200, 4, 643, 292, 50, '\x95272aadd54bd5dd38e113c6cf152e219426f201197b1e813ac39285bdfc4ed3', 1, 911875375838003200, '\x6174746163686d656e74406578616d706c652e6f7267', 1795201896, '\x5749544820414e204154544143484d454e54', '\x414e4e', '\x424f42', NULL, NULL, '\x010200f201df02110201093b0a00200be5010a01', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b303130302220227769746820616e206174746163686d656e742220282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822426f6222204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c6174746163686d656e74406578616d706c652e6f72673e2229', '\x28282274657874222022706c61696e222028226368617273657422202275732d61736369692229204e494c2022746865207465787422202237626974222031302030204e494c204e494c204e494c204e494c2928226170706c69636174696f6e2220226f637465742d73747265616d222028226e616d65222022646174612e62696e222920223c70617274406578616d706c652e6f72673e22204e494c20224241534536342220313020224e3172327350526445337456714f317a306d556d42673d3d222028226174746163686d656e742220282266696c656e616d65222022646174612e62696e22202273697a6522202234222929204e494c204e494c2920226d6978656422202822626f756e646172792220226f757465722229204e494c204e494c204e494c29', 0);
INSERT INTO public.mail_objects VALUES (911875375838003202, 5, 643, 292, 50, '\x95272aadd54bd5dd38e113c6cf152e219426f201197b1e813ac39285bdfc4ed3', 1, 911875375838003202, '\x6174746163686d656e74406578616d706c652e6f7267', 1795201896, '\x5749544820414e204154544143484d454e54', '\x414e4e', '\x424f42', NULL, NULL, '\x010200f201df02110201093b0a00200be5010a01', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b303130302220227769746820616e206174746163686d656e742220282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822426f6222204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c6174746163686d656e74406578616d706c652e6f72673e2229', '\x28282274657874222022706c61696e222028226368617273657422202275732d61736369692229204e494c2022746865207465787422202237626974222031302030204e494c204e494c204e494c204e494c2928226170706c69636174696f6e2220226f637465742d73747265616d222028226e616d65222022646174612e62696e222920223c70617274406578616d706c652e6f72673e22204e494c20224241534536342220313020224e3172327350526445337456714f317a306d556d42673d3d222028226174746163686d656e742220282266696c656e616d65222022646174612e62696e22202273697a6522202234222929204e494c204e494c2920226d6978656422202822626f756e646172792220226f757465722229204e494c204e494c204e494c29', 0);
INSERT INTO public.mail_objects VALUES (911875376249044993, 4, 467, 209, 50, '\xac915351e1e091a97997379e2f7307242b37c7149247a6bfabdcb4c761e18746', 1, 911875376249044993, '\x6576657279406578616d706c652e6f7267', 1795201896, '\x45564552592042595445', '\x414e4e', '\x424f42', NULL, NULL, '\x0101009f01820202', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b30313030222022657665727920627974652220282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822426f6222204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c6576657279406578616d706c652e6f72673e2229', '\x282274657874222022706c61696e222028226368617273657422202275732d61736369692229204e494c204e494c20223762697422203235382032204e494c204e494c204e494c204e494c29', 0);
INSERT INTO public.mail_objects VALUES (911875376253239296, 5, 467, 209, 50, '\xac915351e1e091a97997379e2f7307242b37c7149247a6bfabdcb4c761e18746', 1, 911875376253239296, '\x6576657279406578616d706c652e6f7267', 1795201896, '\x45564552592042595445', '\x414e4e', '\x424f42', NULL, NULL, '\x0101009f01820202', '\x28224672692c203230204e6f7620323032362032303a31313a3336202b30313030222022657665727920627974652220282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822416e6e204578616d706c6522204e494c2022616e6e2220226578616d706c652e6f726722292920282822426f6222204e494c2022626f622220226578616d706c652e6e6574222929204e494c204e494c204e494c20223c6576657279406578616d706c652e6f72673e2229', '\x282274657874222022706c61696e222028226368617273657422202275732d61736369692229204e494c204e494c20223762697422203235382032204e494c204e494c204e494c204e494c29', 0);
INSERT INTO public.mail_removed VALUES (4, 1, 3, 911875375380824064, 911875375376629761, 8, 1795244831, 0, 1795244831, 307, 1795244831);
INSERT INTO public.mail_schema VALUES (3, 0, 1795247304);
INSERT INTO public.mail_thread_ids VALUES (4, -8556319366227132567, -8874795605923615313, 911875375838003200);
INSERT INTO public.mail_thread_ids VALUES (4, -6943848011131137135, 1449519131548371582, 911875375376629761);
INSERT INTO public.mail_thread_ids VALUES (4, 5229778534813693477, -7126147912741821083, 911875374923644928);
INSERT INTO public.mail_thread_ids VALUES (4, 6417982126502232085, 8749498331580581923, 911875374386774017);
INSERT INTO public.mail_thread_ids VALUES (4, 6918769097635012246, 7649632984202255965, 911875376249044993);
INSERT INTO public.mail_thread_ids VALUES (5, -8556319366227132567, -8874795605923615313, 911875375838003202);
INSERT INTO public.mail_thread_ids VALUES (5, -6943848011131137135, 1449519131548371582, 911875375380824065);
INSERT INTO public.mail_thread_ids VALUES (5, 5229778534813693477, -7126147912741821083, 911875374923644930);
INSERT INTO public.mail_thread_ids VALUES (5, 6417982126502232085, 8749498331580581923, 911875374390968320);
INSERT INTO public.mail_thread_ids VALUES (5, 6918769097635012246, 7649632984202255965, 911875376253239296);
INSERT INTO public.site_secrets VALUES ('scram', 'b2b32c86ae5208147e25d964feacad282cff95034ac2aa67fe06132137f07a98');
SELECT pg_catalog.setval('public.app_passwords_id_seq', 1, false);
SELECT pg_catalog.setval('public.audit_log_id_seq', 1, false);
SELECT pg_catalog.setval('public.dbmail_alias_idnr_seq', 4, true);
SELECT pg_catalog.setval('public.dbmail_authlog_id_seq', 1, false);
SELECT pg_catalog.setval('public.dbmail_filters_id_seq', 1, false);
SELECT pg_catalog.setval('public.dbmail_mailbox_idnr_seq', 4, true);
SELECT pg_catalog.setval('public.dbmail_seq_pbsp_id', 1, false);
SELECT pg_catalog.setval('public.dbmail_user_idnr_seq', 5, true);
ALTER TABLE ONLY public.account_settings
    ADD CONSTRAINT account_settings_pkey PRIMARY KEY (user_idnr, name);
ALTER TABLE ONLY public.acl_extra
    ADD CONSTRAINT acl_extra_pkey PRIMARY KEY (mailbox_id, identifier);
ALTER TABLE ONLY public.app_passwords
    ADD CONSTRAINT app_passwords_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_keys
    ADD CONSTRAINT auth_keys_pkey PRIMARY KEY (user_idnr, mechanism);
ALTER TABLE ONLY public.dbmail_acl
    ADD CONSTRAINT dbmail_acl_pkey PRIMARY KEY (user_id, mailbox_id);
ALTER TABLE ONLY public.dbmail_aliases
    ADD CONSTRAINT dbmail_aliases_pkey PRIMARY KEY (alias_idnr);
ALTER TABLE ONLY public.dbmail_authlog
    ADD CONSTRAINT dbmail_authlog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.dbmail_auto_notifications
    ADD CONSTRAINT dbmail_auto_notifications_pkey PRIMARY KEY (user_idnr);
ALTER TABLE ONLY public.dbmail_auto_replies
    ADD CONSTRAINT dbmail_auto_replies_pkey PRIMARY KEY (user_idnr);
ALTER TABLE ONLY public.dbmail_filters
    ADD CONSTRAINT dbmail_filters_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.dbmail_mailboxes
    ADD CONSTRAINT dbmail_mailboxes_pkey PRIMARY KEY (mailbox_idnr);
ALTER TABLE ONLY public.dbmail_pbsp
    ADD CONSTRAINT dbmail_pbsp_pkey PRIMARY KEY (idnr);
ALTER TABLE ONLY public.dbmail_subscription
    ADD CONSTRAINT dbmail_subscription_pkey PRIMARY KEY (user_id, mailbox_id);
ALTER TABLE ONLY public.dbmail_users
    ADD CONSTRAINT dbmail_users_pkey PRIMARY KEY (user_idnr);
ALTER TABLE ONLY public.delivery_keys
    ADD CONSTRAINT delivery_keys_pkey PRIMARY KEY (owner, delivery_key, session, serial);
ALTER TABLE ONLY public.domain_admins
    ADD CONSTRAINT domain_admins_pkey PRIMARY KEY (domain, user_idnr);
ALTER TABLE ONLY public.domains
    ADD CONSTRAINT domains_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.mail_accounts
    ADD CONSTRAINT mail_accounts_pkey PRIMARY KEY (owner);
ALTER TABLE ONLY public.mail_blob_refs
    ADD CONSTRAINT mail_blob_refs_pkey PRIMARY KEY (hash, owner, object);
ALTER TABLE ONLY public.mail_blobs
    ADD CONSTRAINT mail_blobs_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.mail_chunks
    ADD CONSTRAINT mail_chunks_pkey PRIMARY KEY (hash, n);
ALTER TABLE ONLY public.mail_contents
    ADD CONSTRAINT mail_contents_pkey PRIMARY KEY (object, owner);
ALTER TABLE ONLY public.mail_entries
    ADD CONSTRAINT mail_entries_pkey PRIMARY KEY (owner, mailbox, uid);
ALTER TABLE ONLY public.mail_entry_keywords
    ADD CONSTRAINT mail_entry_keywords_pkey PRIMARY KEY (owner, mailbox, uid, number);
ALTER TABLE ONLY public.mail_expunged
    ADD CONSTRAINT mail_expunged_pkey PRIMARY KEY (owner, mailbox, modseq, first_uid);
ALTER TABLE ONLY public.mail_journal
    ADD CONSTRAINT mail_journal_pkey PRIMARY KEY (owner, id);
ALTER TABLE ONLY public.mail_keywords
    ADD CONSTRAINT mail_keywords_pkey PRIMARY KEY (owner, mailbox, number);
ALTER TABLE ONLY public.mail_mailboxes
    ADD CONSTRAINT mail_mailboxes_pkey PRIMARY KEY (owner, mailbox);
ALTER TABLE ONLY public.mail_nodes
    ADD CONSTRAINT mail_nodes_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.mail_objects
    ADD CONSTRAINT mail_objects_pkey PRIMARY KEY (object, owner);
ALTER TABLE ONLY public.mail_removed
    ADD CONSTRAINT mail_removed_pkey PRIMARY KEY (owner, mailbox, uid);
ALTER TABLE ONLY public.mail_schema
    ADD CONSTRAINT mail_schema_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.mail_seen
    ADD CONSTRAINT mail_seen_pkey PRIMARY KEY (owner, mailbox, user_id, uid);
ALTER TABLE ONLY public.mail_thread_ids
    ADD CONSTRAINT mail_thread_ids_pkey PRIMARY KEY (owner, id_hash, subject_hash);
ALTER TABLE ONLY public.mailbox_settings
    ADD CONSTRAINT mailbox_settings_pkey PRIMARY KEY (mailbox_idnr, name);
ALTER TABLE ONLY public.site_secrets
    ADD CONSTRAINT site_secrets_pkey PRIMARY KEY (name);
CREATE INDEX app_passwords_user ON public.app_passwords USING btree (user_idnr);
CREATE INDEX dbmail_acl_mailbox ON public.dbmail_acl USING btree (mailbox_id);
CREATE INDEX dbmail_aliases_alias ON public.dbmail_aliases USING btree (alias);
CREATE INDEX dbmail_aliases_client ON public.dbmail_aliases USING btree (client_idnr);
CREATE INDEX dbmail_aliases_domain ON public.dbmail_aliases USING btree (lower(substr(alias, (strpos(alias, '@'::text) + 1))));
CREATE INDEX dbmail_aliases_lower ON public.dbmail_aliases USING btree (lower(alias));
CREATE INDEX dbmail_aliases_target ON public.dbmail_aliases USING btree (deliver_to);
CREATE INDEX dbmail_filters_user ON public.dbmail_filters USING btree (user_id);
CREATE INDEX dbmail_mailboxes_name ON public.dbmail_mailboxes USING btree (name);
CREATE UNIQUE INDEX dbmail_mailboxes_owner_name ON public.dbmail_mailboxes USING btree (owner_idnr, name);
CREATE INDEX dbmail_mailboxes_seq ON public.dbmail_mailboxes USING btree (seq);
CREATE UNIQUE INDEX dbmail_pbsp_ipnumber ON public.dbmail_pbsp USING btree (ipnumber);
CREATE INDEX dbmail_pbsp_since ON public.dbmail_pbsp USING btree (since);
CREATE UNIQUE INDEX dbmail_replycache_key ON public.dbmail_replycache USING btree (to_addr, from_addr, handle);
CREATE UNIQUE INDEX dbmail_sievescripts_owner_name ON public.dbmail_sievescripts USING btree (owner_idnr, name);
CREATE INDEX dbmail_subscription_mailbox ON public.dbmail_subscription USING btree (mailbox_id);
CREATE UNIQUE INDEX dbmail_upgrade_steps_key ON public.dbmail_upgrade_steps USING btree (from_version, to_version);
CREATE UNIQUE INDEX dbmail_usermap_key ON public.dbmail_usermap USING btree (login, sock_allow, userid);
CREATE INDEX dbmail_users_domain ON public.dbmail_users USING btree (lower(substr(userid, (strpos(userid, '@'::text) + 1))));
CREATE INDEX dbmail_users_lower ON public.dbmail_users USING btree (lower(userid));
CREATE UNIQUE INDEX dbmail_users_name ON public.dbmail_users USING btree (userid);
CREATE INDEX delivery_keys_created ON public.delivery_keys USING btree (created);
CREATE INDEX domain_admins_user ON public.domain_admins USING btree (user_idnr);
CREATE INDEX mail_blob_refs_object ON public.mail_blob_refs USING btree (object, owner);
CREATE INDEX mail_entries_modseq ON public.mail_entries USING btree (owner, mailbox, modseq);
CREATE INDEX mail_entries_object ON public.mail_entries USING btree (object, owner);
CREATE INDEX mail_removed_object ON public.mail_removed USING btree (object, owner);
CREATE INDEX mail_removed_when ON public.mail_removed USING btree (removed);
ALTER TABLE ONLY public.account_settings
    ADD CONSTRAINT account_settings_user_idnr_fkey FOREIGN KEY (user_idnr) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.acl_extra
    ADD CONSTRAINT acl_extra_mailbox_id_fkey FOREIGN KEY (mailbox_id) REFERENCES public.dbmail_mailboxes(mailbox_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.app_passwords
    ADD CONSTRAINT app_passwords_user_idnr_fkey FOREIGN KEY (user_idnr) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_keys
    ADD CONSTRAINT auth_keys_user_idnr_fkey FOREIGN KEY (user_idnr) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.dbmail_acl
    ADD CONSTRAINT dbmail_acl_mailbox_id_fkey FOREIGN KEY (mailbox_id) REFERENCES public.dbmail_mailboxes(mailbox_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.dbmail_acl
    ADD CONSTRAINT dbmail_acl_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.dbmail_auto_notifications
    ADD CONSTRAINT dbmail_auto_notifications_user_idnr_fkey FOREIGN KEY (user_idnr) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.dbmail_auto_replies
    ADD CONSTRAINT dbmail_auto_replies_user_idnr_fkey FOREIGN KEY (user_idnr) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.dbmail_filters
    ADD CONSTRAINT dbmail_filters_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.dbmail_mailboxes
    ADD CONSTRAINT dbmail_mailboxes_owner_idnr_fkey FOREIGN KEY (owner_idnr) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.dbmail_sievescripts
    ADD CONSTRAINT dbmail_sievescripts_owner_idnr_fkey FOREIGN KEY (owner_idnr) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.dbmail_subscription
    ADD CONSTRAINT dbmail_subscription_mailbox_id_fkey FOREIGN KEY (mailbox_id) REFERENCES public.dbmail_mailboxes(mailbox_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.dbmail_subscription
    ADD CONSTRAINT dbmail_subscription_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.domain_admins
    ADD CONSTRAINT domain_admins_user_idnr_fkey FOREIGN KEY (user_idnr) REFERENCES public.dbmail_users(user_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.mailbox_settings
    ADD CONSTRAINT mailbox_settings_mailbox_idnr_fkey FOREIGN KEY (mailbox_idnr) REFERENCES public.dbmail_mailboxes(mailbox_idnr) ON UPDATE CASCADE ON DELETE CASCADE;
