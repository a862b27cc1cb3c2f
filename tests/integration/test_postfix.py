"""Debian's Postfix beside Tabella: every recipe of docs/postfix.md, as it stands there."""

import contextlib
import pathlib
import re
import smtplib
import ssl
import subprocess
import time
import urllib.parse

import postfix
import pytest
from conftest import PASSWORD, Host, stop_and_look
from postfix import Postfix
from recipes import Recipe, blocks_of, options_of, sections
from tabella_server import Server, engine_name, ports

pytestmark = [
    pytest.mark.ours,
    pytest.mark.skipif(bool(postfix.why_not()), reason=postfix.why_not() or "it is there"),
]

SENDER = "someone@elsewhere.test"


class Site:
    """A Tabella, and how Postfix's recipes are made to fit it."""

    def __init__(self, options=None):
        self.engine = engine_name()
        self.server = Server()
        try:
            self.server.init()
            self.server.configure(options or {})
        except BaseException:
            self.server.close()
            raise
        self.host = Host(self.server, True)
        self.sql = self.server.sql

    @property
    def domain(self):
        return self.server.domain

    def start(self):
        self.server.start(services=("lmtp", "imap"))
        return self

    def restart(self):
        self.server.stop()
        return self.start()

    def fit(self, text, pf):
        """A block of the document with our paths, ports and names."""
        fits = [
            ("/var/spool/postfix", pf.queue),
            ("/etc/postfix", pf.config),
            ("/var/lib/tabella", self.server.data),
            ("inet:127.0.0.1:24", f"inet:127.0.0.1:{self.server.port('lmtp')}"),
            ("listen = 127.0.0.1:24", f"listen = 127.0.0.1:{self.server.port('lmtp')}"),
            ("example.org", self.domain),
        ]
        if self.server.engine:
            fits += [
                ("hosts = 127.0.0.1", f"hosts = 127.0.0.1:{urllib.parse.urlsplit(self.server.engine.admin_url).port}"),
                ("dbname = tabella", f"dbname = {self.server.database_name}"),
                ("ON tabella.", f"ON {self.server.database_name}."),
            ]
        for old, new in fits:
            text = text.replace(old, str(new))
        return text

    def shell(self, text, pf):
        """A block of commands; SQL goes to the engine by a program that knows where it is."""
        if self.server.engine and "dist/sql" in text:
            self.sql((postfix.ROOT / re.search(r"dist/sql/\S+", text)[0]).read_text())
            return
        text = self.fit(text, pf)
        done = subprocess.run(["sh", "-ec", text], cwd=postfix.ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def may_read(self, table, pf):
        """As the document has it for other tables."""
        grant = {
            "pgsql": f"GRANT SELECT ON {table} TO postfix",
            "mariadb": f"GRANT SELECT ON tabella.{table} TO postfix@'127.0.0.1'",
        }
        if self.engine in grant:
            self.sql(self.fit(grant[self.engine], pf))

    def adopt(self, recipe, pf):
        """Our side of a recipe: options, commands, rights. The server is running again at the end."""
        was_running = self.server.process is not None
        if was_running:
            self.server.stop()
        self.server.configure(dict(options_of(self.fit(recipe.of("/etc/tabella/tabella.conf"), pf))))
        for file, text in recipe.blocks:
            if file == "shell":
                self.shell(text, pf)
            elif file == "sql":
                self.sql(self.fit(text, pf))
        self.start()

    def head(self):
        return Recipe("Postfix asks the database", self.engine).of("head")

    def set_up(self, pf, *names):
        """Postfix's side of recipes: main.cf and map files."""
        for name in names:
            recipe = Recipe(name, self.engine)
            pf.add(self.fit(recipe.of("/etc/postfix/main.cf"), pf))
            for file in recipe.files():
                if "/sql/" in file or "/sasl/" in file:
                    head = self.head() if "/sql/" in file else ""
                    path = pathlib.Path(self.fit(file, pf))
                    path.write_text(self.fit(head + recipe.of(file), pf))
        return pf

    def close(self):
        try:
            stop_and_look(self.server)
        finally:
            self.server.close()


@contextlib.contextmanager
def a_postfix():
    port = ports.one()
    try:
        with Postfix(port) as pf:
            yield pf
    finally:
        ports.release(port)


class Client(smtplib.SMTP):
    """A stranger that talks to Postfix; with `address` as if from there."""

    def __init__(self, pf, address=None, tls=False, timeout=60):
        super().__init__("127.0.0.1", pf.port, timeout=timeout)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.starttls(context=context)
        if address:
            code, said = self.docmd("XCLIENT", f"ADDR={address}")
            assert code == 220, said
        self.ehlo("client.test")


def at_rcpt(pf, address, timeout=60):
    """(code, text) that a recipient is answered with, now."""
    with Client(pf, timeout=timeout) as client:
        client.mail(SENDER)
        code, text = client.rcpt(address)
        return code, text.decode()


def settled(pf, address):
    """The same, once it is said for good: where a lookup was too slow (Postfix's SQLite maps end their process then) it is
    asked for again, as senders do."""

    def ask():
        with contextlib.suppress(OSError, smtplib.SMTPException):
            answer = at_rcpt(pf, address)
            return answer if answer[0] // 100 != 4 else None

    answer = wait_for(ask)
    assert answer, f"nothing is said of {address}"
    return answer


def send(pf, recipients, text=b"Subject: a message\r\n\r\ntext\r\n", **options):
    with Client(pf) as client:
        client.sendmail(options.pop("sender", SENDER), recipients, text, **options)


def wait_for(what, seconds=40):
    end = time.monotonic() + seconds
    while not (result := what()) and time.monotonic() < end:
        time.sleep(0.1)
    return result


def arrived(account, count=1):
    """The bodies in INBOX once there are so many."""
    bodies = []

    def look():
        bodies[:] = account.bodies()
        return len(bodies) >= count

    wait_for(look)
    assert len(bodies) == count
    return bodies


# Mail in


@pytest.fixture(scope="module")
def tcp():
    """The recipe by TCP, and a server whose largest message is small."""
    site = Site({"lmtp.message_max": "8M"})
    try:
        with a_postfix() as pf:
            site.set_up(pf, "By TCP")
            site.start().adopt(Recipe("By TCP"), pf)
            pf.start()
            yield site, pf
        site.close()
    except BaseException:
        site.server.close()
        raise


def test_mail_arrives_by_tcp(tcp):
    site, pf = tcp
    ann, bob = site.host.account(), site.host.account()
    begin = pf.mark()
    send(pf, [ann.address, bob.address])
    assert b"Subject: a message" in arrived(ann)[0] and b"Subject: a message" in arrived(bob)[0]
    said = pf.wait(rf"to=<{re.escape(ann.address)}>.*status=sent \((250 .*)\)", begin)
    assert "2.0.0" in said[1] or "2.1.5" in said[1]


def test_a_subaddress_names_a_folder(tcp):
    site, pf = tcp
    ann = site.host.account()
    with ann.imap() as peer:
        peer.ok("CREATE lists")
    send(pf, [ann.address.replace("@", "+lists@")])
    assert wait_for(lambda: len(ann.bodies("lists")) == 1)


def test_a_stranger_bounces(tcp):
    site, pf = tcp
    begin = pf.mark()
    send(pf, [f"nobody@{site.domain}"])
    pf.wait(r"to=<nobody@.*dsn=5\.1\.1.*status=bounced", begin)
    assert wait_for(lambda: any(SENDER in to for to, _ in pf.elsewhere.messages))


def test_large_messages_and_too_large_ones(tcp):
    site, pf = tcp
    ann = site.host.account()
    body = b"".join(b"%07d %s\r\n" % (i, b"x" * 60) for i in range(90000))
    send(pf, [ann.address], b"Subject: large\r\n\r\n" + body)
    assert body in arrived(ann)[0]
    begin = pf.mark()
    send(pf, [ann.address], b"Subject: too large\r\n\r\n" + body * 2)
    pf.wait(r"dsn=5\.3\.4.*status=bounced|status=bounced.*(message size|too large)", begin)
    assert len(ann.bodies()) == 1


def test_8bit_and_utf8_addresses_come_as_they_are(tcp):
    site, pf = tcp
    ann = site.host.account()
    site.server.cli("alias", "add", f"jürgen@{site.domain}", ann.name)
    # what has these fields is not given them
    head = f"From: {SENDER}\r\nDate: Sat, 21 Nov 2026 08:00:00 +0100\r\nMessage-ID: <1@elsewhere.test>\r\n"
    raw = (head + "Subject: grüße\r\n\r\näöü €\r\n").encode()
    send(pf, [ann.address], raw, mail_options=["BODY=8BITMIME"])
    assert raw in arrived(ann)[0]
    with Client(pf) as client:
        assert client.docmd("MAIL", f"FROM:<{SENDER}> SMTPUTF8")[0] == 250
        client.send(f"RCPT TO:<jürgen@{site.domain}>\r\n".encode())
        assert client.getreply()[0] == 250
        assert client.data(raw)[0] == 250
    assert f"Delivered-To: jürgen@{site.domain}".encode() in arrived(ann, 2)[1]


def test_a_full_account(tcp):
    site, pf = tcp
    full = site.host.account("--quota", "100K")
    begin = pf.mark()
    send(pf, [full.address], b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 76 + b"\r\n") * 2000)
    pf.wait(r"dsn=5\.2\.2.*status=bounced", begin)
    site.server.configure({"lmtp.over_quota": "soft"}).reload()
    begin = pf.mark()
    send(pf, [full.address], b"Subject: big\r\n\r\n" + (b"y" * 76 + b"\r\n") * 2000)
    pf.wait(r"dsn=4\.2\.2.*status=deferred", begin)
    site.server.cli("user", "change", full.name, "--quota", "10M")
    arrived(full)
    site.server.configure({"lmtp.over_quota": "hard"}).reload()


def test_waits_while_we_are_away(tcp):
    site, pf = tcp
    ann = site.host.account()
    site.server.stop()
    begin = pf.mark()
    send(pf, [ann.address])
    pf.wait(r"status=deferred", begin)
    site.start()
    arrived(ann)


def test_mail_arrives_by_a_unix_socket():
    site = Site()
    try:
        with a_postfix() as pf:
            recipe = Recipe("By a unix socket")
            site.set_up(pf, "By a unix socket")
            site.start()
            ann = site.host.account()
            site.server.stop()
            # the server has two ways in here, for the account's sake
            text = site.fit(recipe.of("/etc/tabella/tabella.conf"), pf)
            site.shell(recipe.of("shell"), pf)
            where = re.search(r"listen = (.*)", text)[1]
            site.server.configure({"lmtp.listen": f"{where}, localhost:{site.server.port('lmtp')}"})
            site.start()
            pf.start()
            send(pf, [ann.address])
            arrived(ann)
            pf.wait(r"relay=mx\.postfix\.test\[tabella/lmtp\].*status=sent", 0)
        site.close()
    except BaseException:
        site.server.close()
        raise


def test_postfix_asks_us_who_is_there(tcp):
    site, _ = tcp
    with a_postfix() as pf:
        site.set_up(pf, "Postfix asks Tabella")
        pf.add("address_verify_poll_count = 10")
        pf.start()
        ann, off, full = site.host.account(), site.host.account(), site.host.account("--quota", "1K")
        site.server.cli("user", "change", off.name, "--disable")
        with full.imap() as peer:
            peer.append("INBOX", b"Subject: full\r\n\r\n" + b"x" * 900)
        site.server.cli("alias", "add", f"@sub.{site.domain}", ann.name)
        assert settled(pf, ann.address)[0] == 250
        assert settled(pf, ann.address.replace("@", "+any@"))[0] == 250
        code, text = settled(pf, f"nobody@{site.domain}")
        assert code == 550 and "5.1.1" in text
        assert settled(pf, off.address)[0] == 550
        assert settled(pf, f"any@sub.{site.domain}")[0] == 554  # not in virtual_mailbox_domains


# Who is there, by the database


@pytest.fixture(scope="module")
def maps():
    """A site whose database Postfix may read."""
    site = Site()
    forget = {
        "pgsql": "DROP OWNED BY postfix; DROP ROLE postfix",
        "mariadb": "DROP USER postfix@'127.0.0.1'",
    }
    try:
        with a_postfix() as pf:
            site.adopt(Recipe("Postfix asks the database", site.engine), pf)
        site.people = {name: site.host.account() for name in ("ann", "bob", "off")}
        add = site.server.cli
        add("user", "change", site.people["off"].name, "--disable")
        add("user", "add", f"login@{site.domain}", "--password", PASSWORD)
        for alias, target in (
            ("team", site.people["ann"].name),
            ("team", site.people["bob"].name),
            ("both", site.people["ann"].name),
            ("both", "both@elsewhere.test"),
            ("away", "away@elsewhere.test"),
            ("chain", f"team@{site.domain}"),
            ("o'brien", site.people["bob"].name),
        ):
            add("alias", "add", f"{alias}@{site.domain}", target)
        yield site
        stop_and_look(site.server)
        if site.engine in forget:
            site.sql(forget[site.engine])
    finally:
        site.server.close()


@contextlib.contextmanager
def postfix_with(site, *names):
    with a_postfix() as pf:
        engine = Recipe("Postfix asks the database", site.engine)
        pf.add(site.fit(engine.of("/etc/postfix/main.cf"), pf))
        site.set_up(pf, *names)
        try:
            yield pf.start()
        except AssertionError:
            print(pf.said()[-8000:])
            raise


def test_dbmails_queries(maps):
    """A domain by its addresses, an address by its row."""
    site = maps
    with postfix_with(site, "DBMail's queries") as pf:
        ann = site.people["ann"]
        before = len(ann.bodies())
        assert settled(pf, ann.address)[0] == 250
        assert settled(pf, f"o'brien@{site.domain}")[0] == 250
        assert settled(pf, ann.address.upper())[0] == 250
        code, text = settled(pf, f"nobody@{site.domain}")
        assert code == 550 and "5.1.1" in text
        assert settled(pf, "ann@other.test")[0] == 554
        send(pf, [ann.address])
        arrived(ann, before + 1)
        # a new domain is there with its first address, and no reload
        site.server.cli("alias", "add", "new@new.test", ann.name)
        assert wait_for(lambda: at_rcpt(pf, "new@new.test")[0] == 250)
        site.server.cli("alias", "delete", "new@new.test")
        assert settled(pf, "new@new.test")[0] == 554


MAP_TYPES = {"sqlite": "sqlite", "pgsql": "pgsql", "mariadb": "mysql"}

# Addresses that are there, and what would find one if it were SQL, a pattern or a parameter of the query.
ODD_LOCALS = ["back\\slash", 'quo"te', "per%cent", "under_score", "se;mi--colon", "%s", "gr\u00fcn", "two  spaces"]
NO_KEYS = [
    "x' OR '1'='1", "\\' OR 1=1 -- ", "\\", "'", "''", '"', "%", "%%", "_", "%@{}", "unde?score@{}", "underxscore@{}", "%u@%d", "@{}",
    "*@{}", "back\\\\slash@{}", "two spaces@{}", "$(id)", "x\ty", "grun@{}", "gru\u0308n@{}",
]


def test_odd_keys_find_what_they_are(maps):
    site = maps
    with contextlib.closing(site.server.connect()) as db:
        for local in ODD_LOCALS:
            values = (f"{local}@{site.domain}", site.people["ann"].name)
            db.execute("INSERT INTO dbmail_aliases (alias, deliver_to, client_idnr) VALUES (?, ?, 0)", values)
    with a_postfix() as pf:
        site.set_up(pf, "DBMail's queries")
        file = f"{MAP_TYPES[site.engine]}:{pf.config}/sql/recipients.cf"

        def found(key):
            words = ["postmap", "-c", pf.config, "-q", key, file]
            done = subprocess.run(words, capture_output=True, text=True, timeout=60)
            assert not done.stderr and done.returncode == (0 if done.stdout else 1), (key, done)
            return done.stdout

        for local in ODD_LOCALS:
            if local.isascii() or site.engine != "pgsql":  # before 3.8 Postfix speaks Latin-1 to PostgreSQL
                assert found(f"{local}@{site.domain}") == "1\n", local
        for key in NO_KEYS:
            assert found(key.format(site.domain)) == "", key


def test_a_relay_in_front(maps):
    """The addresses as relay_recipient_maps."""
    site = maps
    with postfix_with(site, "A relay in front") as pf:
        bob = site.people["bob"]
        before = len(bob.bodies())
        code, text = settled(pf, f"nobody@{site.domain}")
        assert code == 550 and "User unknown in relay recipient table" in text
        send(pf, [bob.address])
        arrived(bob, before + 1)


@pytest.fixture(scope="module")
def views(maps):
    with a_postfix() as pf:
        maps.adopt(Recipe("PostfixAdmin's tables", maps.engine), pf)
    return maps


def test_postfixadmins_tables(views):
    """Each table, one copy for each account, what goes elsewhere goes there."""
    site = views
    with postfix_with(site, "PostfixAdmin's tables") as pf:
        ann, bob, off = (site.people[name] for name in ("ann", "bob", "off"))
        before = len(ann.bodies()), len(bob.bodies())
        assert settled(pf, off.address)[0] == 550  # active = 0
        assert settled(pf, f"nobody@{site.domain}")[0] == 550
        assert settled(pf, f"login@{site.domain}")[0] == 250  # mailbox alone
        assert settled(pf, f"o'brien@{site.domain}")[0] == 250
        # rows of two accounts, a chain to them, an account and an address elsewhere: one copy each
        send(pf, [f"team@{site.domain}"])
        arrived(ann, before[0] + 1), arrived(bob, before[1] + 1)
        send(pf, [f"chain@{site.domain}", f"team@{site.domain}"])
        arrived(ann, before[0] + 2), arrived(bob, before[1] + 2)
        send(pf, [f"both@{site.domain}"])
        arrived(ann, before[0] + 3)
        assert wait_for(lambda: [to for to, _ in pf.elsewhere.messages] == [["both@elsewhere.test"]])
        send(pf, [f"away@{site.domain}"])
        assert wait_for(lambda: pf.elsewhere.messages[-1][0] == ["away@elsewhere.test"])
        time.sleep(1)
        assert (len(ann.bodies()), len(bob.bodies())) == (before[0] + 3, before[1] + 2)


def test_each_flag_of_a_domain(views):
    """Flipped by SQL, no reload."""
    site = views
    with postfix_with(site, "PostfixAdmin's tables") as pf:
        ann = site.people["ann"]
        site.sql(f"UPDATE domains SET active = 0 WHERE name = '{site.domain}'")
        assert settled(pf, ann.address)[0] == 554
        site.sql(f"UPDATE domains SET active = 1, kind = 'backup' WHERE name = '{site.domain}'")
        before = len(ann.bodies())
        send(pf, [ann.address])
        assert wait_for(lambda: [to for to, _ in pf.elsewhere.messages] == [[ann.address]])  # the primary
        assert len(ann.bodies()) == before
        site.sql(f"UPDATE domains SET kind = 'local' WHERE name = '{site.domain}'")
        assert settled(pf, ann.address)[0] == 250


def test_web_cyradms_tables(views):
    """Another program's columns over the same rows."""
    site = views
    with postfix_with(site, "web-cyradm's tables") as pf:
        ann, bob, off = (site.people[name] for name in ("ann", "bob", "off"))
        before = len(ann.bodies()), len(bob.bodies())
        assert settled(pf, "new@cyradm.test")[0] == 554
        site.server.cli("domain", "add", "cyradm.test")
        site.server.cli("alias", "add", "new@cyradm.test", ann.name)
        assert settled(pf, "new@cyradm.test")[0] == 250
        send(pf, [f"team@{site.domain}", "new@cyradm.test", f"both@{site.domain}"])
        arrived(bob, before[1] + 1)
        assert wait_for(lambda: [to for to, _ in pf.elsewhere.messages] == [["both@elsewhere.test"]])
        assert wait_for(lambda: len(ann.bodies()) > before[0])
        # what is in no table goes out
        site.server.cli("domain", "delete", "cyradm.test")
        site.server.cli("alias", "delete", "new@cyradm.test")
        assert settled(pf, "new@cyradm.test")[0] == 554


def test_a_table_virtual_of_web_cyradms_own(views):
    """Two rows for one alias, one of them a list with commas, and an alias of it: two copies, not three."""
    site = views
    ann, bob = site.people["ann"], site.people["bob"]
    site.sql("DROP VIEW virtual")
    site.sql(
        "CREATE TABLE virtual (alias VARCHAR(255) NOT NULL DEFAULT '', dest TEXT, "
        "username VARCHAR(50) NOT NULL DEFAULT '', status INT NOT NULL DEFAULT 1)"
    )
    try:
        for alias, dest in (
            ("test", ann.address),
            ("test", f"{ann.address},{bob.address}"),
            ("aliastest", f"test@{site.domain}"),
            ("postmaster", f"aliastest@{site.domain}"),
        ):
            site.sql(f"INSERT INTO virtual VALUES ('{alias}@{site.domain}', '{dest}', 'test', 1)")
        with postfix_with(site, "web-cyradm's tables") as pf:
            site.may_read("virtual", pf)
            for alias in ("test", "aliastest"):
                before = len(ann.bodies()), len(bob.bodies())
                send(pf, [f"{alias}@{site.domain}"], f"To: {alias}@{site.domain}\r\n\r\n".encode())
                bodies = arrived(ann, before[0] + 1)
                arrived(bob, before[1] + 1)
                assert f"To: {alias}@{site.domain}".encode() in bodies[-1]
                time.sleep(0.5)
                assert (len(ann.bodies()), len(bob.bodies())) == (before[0] + 1, before[1] + 1)
            site.sql(f"UPDATE virtual SET status = 0 WHERE alias = 'aliastest@{site.domain}'")
            assert settled(pf, f"aliastest@{site.domain}")[0] == 550
    finally:
        site.sql("DROP TABLE virtual")
        with a_postfix() as pf:
            site.adopt(Recipe("PostfixAdmin's tables", site.engine), pf)


def test_domains_of_lists(maps):
    """A domain is there as long as it has a list; several lists are one answer."""
    site = maps
    site.sql("CREATE TABLE admin_table (user_admin VARCHAR(100), list_admin VARCHAR(50), robot_admin VARCHAR(80))")
    try:
        with postfix_with(site, "DBMail's queries", "Domains of lists") as pf:
            site.may_read("admin_table", pf)
            assert settled(pf, "one@lists.test")[0] == 554
            for i in range(5):
                site.sql(f"INSERT INTO admin_table VALUES ('ann@a.test', 'list{i}', 'lists.test')")
            assert settled(pf, "one@lists.test")[0] == 550  # ours, and nobody of that name
            site.sql("DELETE FROM admin_table")
            assert settled(pf, "one@lists.test")[0] == 554
    finally:
        site.sql("DROP TABLE admin_table")


def has_to_wait(pf, address):
    """451, or (Postfix's SQLite maps end their process) no word at all."""
    try:
        return at_rcpt(pf, address, timeout=5)[0] == 451
    except (OSError, smtplib.SMTPException):
        return True


def test_without_the_database_nothing_is_refused_for_good(maps):
    """SQLite has no server to be away: there it is the table."""
    site = maps
    away = {
        "sqlite": ["ALTER TABLE dbmail_aliases RENAME TO away"],
        "pgsql": [
            "ALTER ROLE postfix NOLOGIN",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postfix'",
        ],
        "mariadb": ["ALTER USER postfix@'127.0.0.1' ACCOUNT LOCK", "KILL USER postfix@'127.0.0.1'"],
    }
    back = {
        "sqlite": "ALTER TABLE away RENAME TO dbmail_aliases",
        "pgsql": "ALTER ROLE postfix LOGIN",
        "mariadb": "ALTER USER postfix@'127.0.0.1' ACCOUNT UNLOCK",
    }
    with postfix_with(site, "DBMail's queries") as pf:
        assert settled(pf, site.people["ann"].address)[0] == 250
        site.server.stop()
        for text in away[site.engine]:
            site.sql(text)
        try:
            assert has_to_wait(pf, f"nobody@{site.domain}")
            assert has_to_wait(pf, site.people["ann"].address)
        finally:
            site.sql(back[site.engine])
            site.start()
        # Postfix remembers for a minute that a server was away
        assert wait_for(lambda: not has_to_wait(pf, site.people["ann"].address), seconds=90)
        assert settled(pf, site.people["ann"].address)[0] == 250


# The document


def test_every_block_of_the_document_is_run():
    """A recipe that these files do not name would be one that nobody has tried."""
    here = "".join(path.read_text() for path in pathlib.Path(__file__).parent.glob("test_postfix*.py"))
    for name, lines in sections("postfix.md"):
        if list(blocks_of(lines)):
            assert f'"{name}"' in here, name
