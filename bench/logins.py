"""Logins a second: connect, LOGIN, LOGOUT, from several processes, with the same stored passwords on both sides."""

import multiprocessing
import socket
import time

from servers import HOST, KINDS, PASSWORD, account_names

PROCESSES = 4
ACCOUNTS = 32
FORMS = {"plain text": "plaintext", "argon2id": "argon2id"}


def set_passwords(server, form):
    """Of every account; `server` is prepared and not running. The hashes are those that Tabella makes."""
    names = account_names(server.accounts)
    if server.name == "tabella":
        for name in names:
            server.cli("user", "change", name, "--password", PASSWORD, "--scheme", FORMS[form])
        return
    users = server.folder / "users"
    stored = "{PLAIN}" + PASSWORD if form == "plain text" else "{ARGON2ID}" + argon2id(server)
    lines = (line.split(":") for line in users.read_text().splitlines())
    users.write_text("".join(":".join([line[0], stored, *line[2:]]) + "\n" for line in lines))


def argon2id(server):
    """A hash as Tabella makes it, for the other one."""
    maker = KINDS["tabella"](server.folder / "maker", accounts=0).prepare()
    return maker.sql("SELECT passwd FROM dbmail_users WHERE userid = 'one'").strip()


def answer(peer, end):
    data = b""
    while end not in data:
        got = peer.recv(4096)
        if not got:
            raise RuntimeError(f"closed: {data!r}")
        data += got
    return data


def worker(port, logins, until, results):
    times = []
    while time.monotonic() < until:
        for user, password in logins:
            begun = time.perf_counter()
            with socket.create_connection((HOST, port)) as peer:
                answer(peer, b"\r\n")
                peer.sendall(f'a LOGIN "{user}" "{password}"\r\n'.encode())
                if b"a OK" not in answer(peer, b"a "):
                    raise RuntimeError(f"{user} was refused")
                times.append(time.perf_counter() - begun)
                peer.sendall(b"b LOGOUT\r\n")
                while peer.recv(4096):
                    pass
            if time.monotonic() >= until:
                break
    results.put(times)


def logins(bench, kind, form, seconds):
    """{"per_second", "p50_ms", "p99_ms", "cpu_us"}; every account has logged in before."""
    server = bench.server(kind)
    set_passwords(server, form)
    server.start(services=("imap",)) if kind == "tabella" else server.start()
    try:
        run(server, 2)
        cpu = server.cpu_seconds()
        begun = time.monotonic()
        times = sorted(run(server, seconds))
        took = time.monotonic() - begun
        time.sleep(1)
        cpu = server.cpu_seconds() - cpu
    finally:
        server.kill9()
    bench.remove(server)
    return {
        "per_second": len(times) / took,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[len(times) * 99 // 100] * 1000,
        "cpu_us": cpu * 1e6 / len(times),
    }


def run(server, seconds):
    """Seconds of each login."""
    logins = [server.login(name) for name in account_names(server.accounts)]
    results = multiprocessing.Queue()
    until = time.monotonic() + seconds
    workers = [
        multiprocessing.Process(target=worker, args=(server.port("imap"), logins[n:] + logins[:n], until, results))
        for n in range(PROCESSES)
    ]
    for each in workers:
        each.start()
    times = sum((results.get(timeout=seconds + 60) for _ in workers), [])
    for each in workers:
        each.join()
    return times


