"""
Every way to a database server, by a server that is locked in: it connects when it starts, and again when the database was
away.
"""

import pathlib
import shlex
import shutil
import subprocess
import time
import urllib.parse

import engines
import pytest
from conftest import Host, stop_and_look
from mails import mail
from recipes import Recipe
from tabella_server import Server

pytestmark = pytest.mark.ours


@pytest.fixture(scope="module", params=sorted(engines.SERVERS))
def engine(request):
    try:
        with engines.SERVERS[request.param](durable=True, folder=engines.QUICK_FOLDER) as started:
            yield started
    except engines.Missing as missing:
        pytest.skip(str(missing))


def by_tcp(engine, url, _folder):
    return url


def by_name(engine, url, _folder):
    """The name is looked up."""
    if engine.name == "mariadb":
        pytest.skip("to its library localhost is the socket")
    return url.replace("@127.0.0.1:", "@localhost:")


def by_socket(engine, url, _folder):
    user, _, place = url.rpartition("@")
    name = place.partition("/")[2]
    if engine.name == "pgsql":
        return f"{user}@{urllib.parse.quote(str(engine.folder), safe='')}:{engine.port}/{name}"
    return f"{user}@localhost/{name}?socket={engine.socket}"


def by_tls(engine, url, folder):
    """The server's certificate is verified with a file, read anew for each connection."""
    ca = folder / "ca.pem"
    shutil.copy(engine.certificate, ca)
    ca.chmod(0o644)
    if engine.name == "pgsql":
        return f"{url}?sslmode=verify-full&sslrootcert={ca}"
    return f"{url}?ssl=on&ssl_verify=on&ssl_ca={ca}"


def is_encrypted(engine, name):
    if engine.name == "pgsql":
        said = engine.sql(f"SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = '{name}'")
        return said == "t"
    # MariaDB counts the sessions that were encrypted
    return int(engine.sql("SHOW GLOBAL STATUS LIKE 'Ssl_finished_accepts'").split("|")[1]) > 0


@pytest.mark.parametrize("way", [by_tcp, by_name, by_socket, by_tls])
def test_connects_and_connects_again(engine, way):
    server = Server(engine=engine)
    try:
        server.init()
        name = server.database_name
        url = way(engine, engine.url(name, name, engines.SITE_PASSWORD), server.folder)
        server.configure({"db.url": url})
        host = Host(server.start(), True)
        account = host.account()
        with account.imap() as peer, host.lmtp() as sender:
            sender.deliver_all(account.address, mail())
            if way is by_tls:
                assert is_encrypted(engine, name)
            engine.stop()
            assert peer.cmd("STATUS INBOX (MESSAGES)").code == "UNAVAILABLE"
            engine.start()
            end = time.monotonic() + 20
            while peer.cmd("STATUS INBOX (MESSAGES)").status != "OK" and time.monotonic() < end:
                time.sleep(0.1)
            sender.deliver_all(account.address, mail())
        assert len(account.bodies()) == 2
        if way is by_tls:
            assert is_encrypted(engine, name)
        assert "locked-in" in server.log.read_text()
        stop_and_look(server)
    finally:
        engine.start()
        server.close()


def test_a_site_as_the_document_has_it(engine):
    """The SQL, `tabella init` and the password in a file: docs/databases.md."""
    name = "as_documented"
    recipe = Recipe("A site on a server", engine.name, "databases.md")
    fit = lambda text: text.replace("tabella", name)  # noqa: E731
    server = Server(engine=engine)
    engine.drop(name)
    try:
        engine.sql(fit(recipe.of("sql")))
        (init,) = recipe.of("shell").splitlines()
        url = shlex.split(init)[-1]
        assert url == "postgresql://tabella:secret@db.example.org/tabella"
        made = engine.url(name, name, "secret")
        server._run([server.binary, "init", "--dir", server.data, "--port-base", server.port_base, "--db", made])
        said = recipe.options()
        assert said["db.url"] == url.replace(":secret", "")
        secret = server.folder / pathlib.Path(said["db.password_file"]).name
        secret.write_text("secret\n")
        server.configure({"db.url": engine.url(name, name), "db.password_file": secret}).start()
        server.add_user("ann", "password")
        stop_and_look(server)
        assert server.cli("verify").returncode == 0
    finally:
        server.close()
        engine.drop(name)


def test_the_password_stands_in_a_file(engine):
    """Readable for nobody but who starts the server."""
    server = Server(engine=engine)
    try:
        server.init()
        name = server.database_name
        secret = server.folder / "password"
        secret.write_text(engines.SITE_PASSWORD + "\n")
        secret.chmod(0o400)
        server.configure({"db.url": engine.url(name, name), "db.password_file": str(secret)})
        host = Host(server.start(), True)
        account = host.account()
        with account.imap() as peer:
            peer.ok("STATUS INBOX (MESSAGES)")
        shown = server.cli("status").stdout + server.cli("config", "show").stdout + server.log.read_text()
        assert engines.SITE_PASSWORD not in shown
        stop_and_look(server)
    finally:
        server.close()


def test_the_keys_of_dbmail(engine):
    server = Server(engine=engine)
    try:
        server.init()
        name = server.database_name
        driver = {"pgsql": "postgresql", "mariadb": "mysql"}[engine.name]
        text = server.config.read_text()
        kept = "\n".join(line for line in text.splitlines() if not line.startswith("url ="))
        server.config.write_text(
            f"{kept}\n[DBMAIL]\ndriver = {driver}\nhost = 127.0.0.1\nsqlport = {engine.port}\nuser = {name}\n"
            f"pass = {engines.SITE_PASSWORD}\ndb = {name}\n"
        )
        server.add_user("ann", "secret")
        assert "ann" in server.cli("user", "list").stdout
        assert engines.SITE_PASSWORD not in server.cli("config", "show").stdout
    finally:
        server.close()


def test_init_beside_a_database_of_another_site(engine):
    """`tabella init` on a server makes the tables, `status` names the database without its password."""
    with Server(engine=engine) as server:
        server.init(user="ann")
        said = server.cli("status").stdout
        assert server.database_name in said and "***" in said
        assert engines.SITE_PASSWORD not in said
        # a second node, in a folder of its own
        words = ["--domain", server.domain, "--db", engine.url(server.database_name, server.database_name, engines.SITE_PASSWORD)]
        command = [server.binary, "init", "--dir", server.data / "second", *words]
        done = subprocess.run([*command, "--user", "ann"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "without --user this becomes another node" in done.stderr, done
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        second = [server.binary, "-c", server.data / "second" / "tabella.conf", "user", "list"]
        assert "ann" in subprocess.run(second, capture_output=True, text=True, timeout=60).stdout
