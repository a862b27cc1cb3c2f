"""
What an administrator of a database server can get wrong: one line says what is the matter and what to do; nothing is lost.
"""

import subprocess
import time

import engines
import pytest
from conftest import Host, stop_and_look
from mails import mail
from tabella_server import Server, ports

pytestmark = pytest.mark.ours

LOCK_SECONDS = 1


@pytest.fixture(scope="module", params=sorted(engines.SERVERS))
def engine(request):
    try:
        with engines.borrow(request.param) as started:
            yield started
    except engines.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def site(engine):
    """A site that does not run, with one account."""
    server = Server(engine=engine)
    try:
        server.init()
        server.add_user("one", "password")
        yield server
    finally:
        server.close()


def url_of(site, **other):
    """The site's url, with another user, password or database."""
    name = site.database_name
    who = {"database": name, "user": name, "password": engines.SITE_PASSWORD, **other}
    return site.engine.url(**who)


def said_at_start(site):
    """The line that `serve` ends with; a command says the same."""
    done = subprocess.run(site.command(), capture_output=True, text=True, timeout=60, cwd=site.folder)
    text = done.stdout + done.stderr
    assert done.returncode in (75, 78), f"exit {done.returncode}\n{text}"
    assert "Sanitizer" not in text, text
    assert engines.SITE_PASSWORD not in text
    (line,) = [line for line in text.splitlines() if " start-failed " in line]
    tool = site.cli("user", "list", check=False)
    assert tool.returncode != 0 and len(tool.stderr.strip().splitlines()) == 1, tool.stderr
    return line


def test_a_wrong_password(site):
    site.configure({"db.url": url_of(site, password="not-this-one")})
    line = said_at_start(site)
    assert "user" in line and "password" in line and site.database_name in line
    assert "not-this-one" not in line


def test_a_user_that_is_not_there(site):
    site.configure({"db.url": url_of(site, user="nobody_there")})
    assert "nobody_there" in said_at_start(site)


def test_a_database_that_is_not_there(site):
    """PostgreSQL says so; MariaDB only to who might see it."""
    site.configure({"db.url": url_of(site, database="nowhere")})
    line = said_at_start(site)
    assert "nowhere" in line and ("tabella db upgrade" in line or "GRANT" in line)


def test_a_database_without_tables(site):
    empty = f"{site.database_name}_empty"
    url = site.engine.create_site(empty)
    try:
        site.configure({"db.url": url})
        assert "the database is empty" in said_at_start(site) and "tabella db upgrade" in said_at_start(site)
        site.cli("db", "upgrade")
        assert site.cli("user", "list").returncode == 0
    finally:
        site.engine.drop(empty)


def test_no_server_at_the_port(site):
    port = ports.one()
    url = url_of(site)
    site.configure({"db.url": url.replace(url.rpartition(":")[2].partition("/")[0], str(port))})
    line = said_at_start(site)
    assert "is the server running, and at this address?" in line and "127.0.0.1" in line


def test_another_engine_at_the_port(site):
    """A url with the wrong scheme: the other engine's protocol begins otherwise, or waits for us to begin."""
    other = {"pgsql": ("postgresql:", "mysql:"), "mariadb": ("mysql:", "postgresql:")}[site.engine.name]
    site.configure({"db.url": url_of(site).replace(*other) + "?connect_timeout=1"})
    line = said_at_start(site)
    assert "is it MariaDB?" in line or "is it PostgreSQL that listens there?" in line


def test_no_password_at_all(site):
    site.configure({"db.url": site.engine.url(site.database_name).replace(":" + site.engine.url().split(":")[2].split("@")[0], "")})
    line = said_at_start(site)
    assert "password" in line and "is the server running" not in line


def test_a_name_that_no_host_has(site):
    site.configure({"db.url": url_of(site).replace("127.0.0.1", "no-such-host.invalid")})
    assert "no-such-host.invalid" in said_at_start(site)


def test_an_option_that_there_is_not(site):
    """A mistake of the configuration, which no server is asked about."""
    site.configure({"db.url": url_of(site) + "?fnord=1"})
    done = subprocess.run(site.command(), capture_output=True, text=True, timeout=60, cwd=site.folder)
    assert done.returncode == 78 and "fnord" in done.stdout + done.stderr, done
    assert engines.SITE_PASSWORD not in done.stdout + done.stderr


def test_a_file_of_authorities_that_is_missing(site):
    options = {"pgsql": "sslmode=verify-full&sslrootcert", "mariadb": "ssl=on&ssl_ca"}[site.engine.name]
    site.configure({"db.url": f"{url_of(site)}?{options}=/nonexistent/ca.pem"})
    line = said_at_start(site)
    assert "/nonexistent/ca.pem" in line or "TLS/SSL error: No such file" in line
    assert "sslrootcert of the database" in line or "ssl_ca" in line


def test_a_server_whose_certificate_nobody_vouches_for(site):
    options = {"pgsql": "sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt", "mariadb": "ssl=on"}
    site.configure({"db.url": f"{url_of(site)}?{options[site.engine.name]}"})
    line = said_at_start(site)
    assert "certificate" in line and ("sslrootcert" in line or "ssl_ca" in line) and "is the server running" not in line


def test_a_wrong_encoding(site):
    """PostgreSQL's databases may be in any, and mail is UTF-8. MariaDB's tables have their own, whatever the database has."""
    engine, name = site.engine, f"{site.database_name}_odd"
    if engine.name == "pgsql":
        engine.sql(f"CREATE DATABASE \"{name}\" ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    else:
        engine.sql(f"CREATE DATABASE `{name}` CHARACTER SET latin1")
    try:
        site.configure({"db.url": engine.url(name)})
        if engine.name == "pgsql":
            line = said_at_start(site)
            assert "SQL_ASCII" in line and "UTF8" in line
            return
        site.cli("db", "upgrade")
        site.add_user("ünïcødé", "password")
        assert "ünïcødé" in site.cli("user", "list").stdout
    finally:
        engine.drop(name)


def schema_rows(site):
    return site.sql("SELECT max(version) FROM mail_schema")


def test_a_schema_newer_than_the_program(site):
    newest = int(schema_rows(site))
    site.sql(f"UPDATE mail_schema SET version = 999, oldest = 999 WHERE version = {newest}")
    line = said_at_start(site)
    assert "newer" in line and "999" in line
    done = site.cli("db", "upgrade", check=False)
    assert done.returncode != 0 and "newer" in done.stderr
    assert schema_rows(site) == "999"


def test_a_schema_older_than_the_program(site):
    newest = int(schema_rows(site))
    site.sql(f"DELETE FROM mail_schema WHERE version = {newest}")
    assert "tabella db upgrade" in said_at_start(site)
    site.sql(f"INSERT INTO mail_schema (version, oldest, applied, confirmed) VALUES ({newest}, 3, 0, 1)")
    assert site.cli("user", "list").returncode == 0


def test_a_schema_that_a_newer_program_may_take_back(site):
    """Two versions side by side: the older one does not close the way back of the newer."""
    newest = int(schema_rows(site))
    site.sql(f"INSERT INTO mail_schema (version, oldest, applied, confirmed) VALUES ({newest + 1}, 3, 0, NULL)")
    assert site.cli("user", "list").returncode == 0
    for way in ("--confirm", "--undo"):
        done = site.cli("db", "upgrade", way, check=False)
        assert done.returncode == 1 and "by the program that made it" in done.stderr, done
    assert site.sql(f"SELECT count(*) FROM mail_schema WHERE version = {newest + 1} AND confirmed IS NULL") == "1"


def test_another_prefix_than_the_tables_have(site):
    site.configure({"db.table_prefix": "other_"})
    assert "no table other_users: it was made with another table_prefix" in said_at_start(site)
    for words in (["status"], ["upgrade"]):
        done = site.cli("db", *words, check=False)
        assert done.returncode == 1 and "another table_prefix" in done.stderr, done


def revoke(site, right, table):
    if site.engine.name == "pgsql":
        site.sql(f'REVOKE {right} ON {table} FROM "{site.database_name}"')
        return
    # one right of one table cannot be taken from a right to the whole database
    user = f"'{site.database_name}'@'%'"
    tables = site.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()").split()
    site.sql(f"REVOKE ALL ON `{site.database_name}`.* FROM {user}")
    for name in tables:
        rights = "SELECT, UPDATE, DELETE" if name == table else "SELECT, INSERT, UPDATE, DELETE"
        site.sql(f"GRANT {rights} ON {name} TO {user}")


def grant(site, right, table):
    who = f'"{site.database_name}"' if site.engine.name == "pgsql" else f"'{site.database_name}'@'%'"
    site.sql(f"GRANT {right} ON {table} TO {who}")


def test_a_right_that_is_missing(site):
    """Mail is answered 4xx, and the log says which table it is; granted, it goes on without a restart."""
    table = "mail_entries"
    revoke(site, "INSERT", table)
    with Host(site.start(), True).lmtp() as peer:
        answer = peer.deliver("one@example.test", mail())[0]
        assert answer.code // 100 == 4, answer
        said = site.log_tail()
        assert table in said and ("denied" in said) and "GRANT" in said, said
        grant(site, "INSERT", table)
        end = time.monotonic() + 20
        while (answer := peer.deliver("one@example.test", mail())[0]).code != 250 and time.monotonic() < end:
            time.sleep(0.2)
        assert answer.code == 250, answer
    stop_and_look(site)


def test_a_server_that_takes_no_writes():
    """
    A replica: it is looked at, and what to do is said. A server of our own, since it takes nobody's writes; a standby of
    PostgreSQL is made by the tests of clusters.
    """
    try:
        started = engines.SERVERS["mariadb"]()
    except engines.Missing as missing:
        pytest.skip(str(missing))
    with started, Server(engine=started) as site:
        site.init()
        started.sql("SET GLOBAL read_only = ON")
        # an administrator of the server may write in spite of it
        assert "read_only = ON): name its primary" in said_at_start(site)
        look = site.cli("db", "status").stdout
        assert "this server is a standby: name its primary, or promote it" in look, look


class TableLock:
    """A session of an administrator that holds a table for itself."""

    def __init__(self, site, table):
        self.engine = site.engine
        self.session = self.engine.session(site.database_name)
        if self.engine.name == "pgsql":
            self.send(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'locked';")
        else:
            self.send(f"LOCK TABLES {table} WRITE; SELECT 'locked';")
        assert self.session.stdout.readline().strip() == "locked"

    def send(self, text):
        self.session.stdin.write(text + "\n")
        self.session.stdin.flush()

    def release(self):
        self.session.stdin.close()
        self.session.wait(20)
        self.session.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.release()


def test_a_command_and_a_table_that_is_locked(site):
    """One line, soon, that says why; nothing that reads like a result."""
    site.configure({"db.busy_timeout": f"{LOCK_SECONDS}s"})
    with TableLock(site, "dbmail_users"):
        for words in (["user", "add", "two"], ["user", "delete", "one"], ["db", "sweep"], ["status"]):
            begin = time.monotonic()
            done = site.cli(*words, check=False)
            (line,) = done.stderr.splitlines()
            assert done.returncode == 75 and "another session holds a lock" in line, (words, done.stderr)
            assert done.stdout == "" and time.monotonic() - begin < 20, (words, done.stdout)
    # no longer than a statement may take, and still it is the lock that is named
    site.configure({"db.busy_timeout": "30s", "db.url": f"{url_of(site)}?statement_timeout=4"})
    with TableLock(site, "dbmail_users"):
        done = site.cli("user", "list", check=False)
        assert done.returncode == 75
        assert "another session holds a lock" in done.stderr or "statement_timeout in the database" in done.stderr, done
    site.configure({"db.busy_timeout": f"{LOCK_SECONDS}s", "db.url": url_of(site)})
    with TableLock(site, "mail_entries"):
        done = site.cli("verify", check=False)
        assert done.returncode == 75 and "0 problems" not in done.stdout and len(done.stderr.splitlines()) == 1, done
    assert "0 problems" in site.cli("verify").stdout
    assert site.cli("user", "list").stdout.count("active") == 1


def test_a_table_that_is_locked_for_long(site):
    """4xx and NO [UNAVAILABLE] when the time is over, other sessions and other tables are not held up, nothing is lost."""
    site.configure({"db.busy_timeout": f"{LOCK_SECONDS}s"})
    host = Host(site.start(), True)
    account = host.account()
    with host.lmtp() as sender, account.imap("INBOX") as reader:
        sender.deliver_all(account.address, mail(b"before\r\n"))
        assert reader.noop().of("EXISTS") == [1]
        with TableLock(site, "mail_entries"):
            begin = time.monotonic()
            answer = sender.deliver(account.address, mail(b"refused\r\n"))[0]
            assert answer.code // 100 == 4, answer
            done = reader.cmd("UID STORE 1:* +FLAGS (\\Flagged)")
            assert (done.status, done.code) == ("NO", "UNAVAILABLE"), done
            assert time.monotonic() - begin < 20
            assert sender.cmd("NOOP").code == 250
            assert reader.cmd("NAMESPACE").status == "OK"
        end = time.monotonic() + 20
        while reader.cmd("UID STORE 1:* +FLAGS (\\Flagged)").status != "OK" and time.monotonic() < end:
            time.sleep(0.1)
        sender.deliver_all(account.address, mail(b"after\r\n"))
    bodies = account.bodies()
    assert [body.rpartition(b"\r\n\r\n")[2] for body in bodies] == [b"before\r\n", b"after\r\n"]
    assert site.cli("verify").returncode == 0
    stop_and_look(site)
