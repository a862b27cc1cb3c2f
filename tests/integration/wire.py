"""Raw LMTP and IMAP peers: what they send is exactly what the test says, what they read is kept byte for byte."""

import contextlib
import dataclasses
import re
import socket
import ssl
import time

HOST = "127.0.0.1"
SECONDS = 20


class Closed(Exception):
    """The server ended the connection."""


class Wire:
    """A connection with a buffer."""

    def __init__(self, sock, seconds=SECONDS):
        self.socket = sock
        self.socket.settimeout(seconds)
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    @classmethod
    def connect(cls, where, source=None):
        """`where` is a port on loopback, an (address, port), or the path of a unix socket."""
        if isinstance(where, int):
            where = (HOST, where)
        if isinstance(where, tuple):
            return cls(socket.create_connection(where, timeout=SECONDS, source_address=source))
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(where))
        return cls(sock)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionError, ssl.SSLError) as error:
            raise Closed(str(error)) from None

    def fill(self):
        try:
            more = self.socket.recv(1 << 16)
        except (ConnectionError, ssl.SSLError) as error:
            raise Closed(str(error)) from None
        if not more:
            raise Closed(f"end of connection, unread: {self.rest[:200]!r}")
        self.rest += more

    def line(self):
        """One line without its CRLF, which must be a CRLF."""
        at = self.rest.find(b"\n")
        while at < 0:
            seen = len(self.rest)
            self.fill()
            at = self.rest.find(b"\n", seen)
        line, self.rest = self.rest[: at + 1], self.rest[at + 1 :]
        assert line.endswith(b"\r\n"), f"a line without CR: {line[-100:]!r}"
        return line[:-2]

    def exactly(self, count):
        parts = [self.rest[:count]]
        left = count - len(parts[0])
        self.rest = self.rest[count:]
        while left > 0:
            self.fill()
            parts.append(self.rest[:left])
            left -= len(parts[-1])
            self.rest = self.rest[len(parts[-1]) :]
        return b"".join(parts)

    def silent(self, seconds=0.3):
        """True if the server says nothing for so long."""
        if self.rest:
            return False
        was = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            self.fill()
            return False
        except (TimeoutError, ssl.SSLWantReadError):
            return True
        finally:
            self.socket.settimeout(was)

    def ended(self):
        """True if the server closes, whatever it says before."""
        with contextlib.suppress(Closed):
            for _ in range(10000):
                self.rest = b""
                self.fill()
            return False
        return True

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()

    def abort(self):
        """Close with RST: nothing that is on its way is read any more."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


@dataclasses.dataclass
class Reply:
    """One reply of SMTP's kind."""

    code: int
    lines: list

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def enhanced(self):
        """RFC 2034: each line begins with the same enhanced code."""
        codes = {(re.match(r"[245]\.\d{1,3}\.\d{1,3}(?= )", line) or [None])[0] for line in self.lines}
        return codes.pop() if len(codes) == 1 else None

    def __str__(self):
        return f"{self.code} {self.text}"


def stuffed(message):
    """RFC 5321 4.5.2: a line (what stands between CRLF and CRLF) that begins with a dot gets another one."""
    message = re.sub(rb"(^|\r\n)\.", rb"\1..", message) if b"\r\n." in message or message[:1] == b"." else message
    return message


class Lmtp:
    """An LMTP client. `greet` False: the caller reads the greeting."""

    def __init__(self, where, greet=True, lhlo=b"client.test", source=None):
        self.wire = Wire.connect(where, source)
        self.send, self.close, self.abort = self.wire.send, self.wire.close, self.wire.abort
        self.greeting = self.extensions = None
        if greet:
            self.greeting = self.reply()
            assert self.greeting.code == 220, self.greeting
            if lhlo:
                self.extensions = self.lhlo(lhlo)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def lhlo(self, name=b"client.test"):
        """Keyword to the rest of its line."""
        answer = self.cmd(b"LHLO " + name)
        assert answer.code == 250, answer
        pairs = [line.partition(" ") for line in answer.lines[1:]]
        return {word.upper(): rest for word, _, rest in pairs}

    def reply(self):
        lines = []
        while True:
            line = self.wire.line()
            assert re.match(rb"[2-5][0-9][0-9]([ -].*)?$", line, re.S), f"no reply line: {line!r}"
            lines.append(line[4:].decode("utf-8", "surrogateescape"))
            if line[3:4] != b"-":
                return Reply(int(line[:3]), lines)

    def replies(self, count):
        return [self.reply() for _ in range(count)]

    def cmd(self, line):
        self.send((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.reply()

    def envelope(self, rcpts, sender="sender@elsewhere.test", options=""):
        """MAIL and RCPT in one group; all must be taken."""
        lines = [f"MAIL FROM:<{sender}>{options}", *(f"RCPT TO:<{rcpt}>" for rcpt in rcpts)]
        self.send("".join(line + "\r\n" for line in lines).encode())
        answers = self.replies(len(lines))
        assert all(answer.code == 250 for answer in answers), [str(answer) for answer in answers]

    def data(self, message, count=1):
        """DATA; the message must end in CRLF. The answers of `count` recipients."""
        assert message.endswith(b"\r\n") or not message
        answer = self.cmd("DATA")
        assert answer.code == 354, answer
        self.send(stuffed(message) + b".\r\n")
        return self.replies(count)

    def bdat(self, chunk, last=False):
        """Sends a chunk and reads nothing."""
        self.send(b"BDAT %d%s\r\n" % (len(chunk), b" LAST" if last else b"") + chunk)

    def deliver(self, rcpts, message, sender="sender@elsewhere.test", options="", exact=False):
        """The answer of each recipient; with `exact` by BDAT, so that any bytes can be the end."""
        rcpts = [rcpts] if isinstance(rcpts, str) else rcpts
        self.envelope(rcpts, sender, options)
        if exact:
            self.bdat(message, last=True)
            return self.replies(len(rcpts))
        return self.data(message, len(rcpts))

    def deliver_all(self, rcpts, message, **more):
        for answer in self.deliver(rcpts, message, **more):
            assert answer.code == 250, answer

    def quit(self):
        answer = self.cmd("QUIT")
        assert answer.code == 221, answer
        assert self.wire.ended()
        self.close()


# IMAP


@dataclasses.dataclass
class Done:
    """A finished command: its tagged status, the text behind it, the untagged responses in order."""

    status: str
    text: str
    untagged: list

    @property
    def code(self):
        """The response code without its brackets, or None."""
        return response_code(self.text)

    def of(self, name):
        """The untagged responses of one kind: for `* 3 EXISTS` [3], for `* LIST (…) …` [[(…), …]]."""
        return [kept for kind, kept in map(untagged_kind, self.untagged) if kind == name.upper()]

    def one(self, name):
        kept = self.of(name)
        assert len(kept) == 1, f"{len(kept)} times {name} in {self.untagged}"
        return kept[0]

    def fetched(self):
        """Sequence number to the attributes of its FETCH responses, merged."""
        found = {}
        for number, pairs in self.of("FETCH"):
            names = [str(name).upper() for name in pairs[::2]]
            found.setdefault(number, {}).update(zip(names, pairs[1::2]))
        return found

    def code_of(self, name):
        """The arguments of a response code, wherever it stands; None if it does not."""
        for text in [self.text, *(response[1] for response in self.untagged if response[0] == "OK")]:
            found = response_code(text)
            if found and found.split(" ")[0].upper() == name:
                return found.partition(" ")[2]
        return None


def response_code(text):
    found = re.match(r"\[([^\]]*)\]", text)
    return found[1] if found else None


def untagged_kind(response):
    if len(response) > 1 and isinstance(response[0], str) and response[0].isdigit():
        number = int(response[0])
        return response[1].upper(), number if len(response) == 2 else [number, response[2]]
    return response[0].upper(), response[1:]


STATUS_WORDS = {"OK", "NO", "BAD", "BYE", "PREAUTH"}
ATOM = re.compile(rb'(?:[^ ()"\r\n\[]|\[[^\]]*\])+')


class Parser:
    """A response to Python: atoms str, strings bytes, NIL None, lists list."""

    def __init__(self, data, utf8=False):
        self.data = data
        self.at = 0
        self.utf8 = utf8

    def values(self):
        """Everything up to the end or to a closing parenthesis."""
        stack = [[]]
        data, size = self.data, len(self.data)
        while self.at < size:
            byte = data[self.at : self.at + 1]
            if byte == b" ":
                self.at += 1
            elif byte == b"(":
                self.at += 1
                stack.append([])
            elif byte == b")":
                self.at += 1
                inner = stack.pop()
                assert stack, f"a ) too many: {data[:300]!r}"
                stack[-1].append(inner)
            else:
                stack[-1].append(self.value(byte))
        assert len(stack) == 1, f"a ( too many: {data[:300]!r}"
        return stack[0]

    def value(self, byte):
        if byte == b'"':
            return self.quoted()
        if byte in b"{~":
            found = re.compile(rb"~?\{(\d+)\}\r\n").match(self.data, self.at)
            if found:
                self.at = found.end() + int(found[1])
                return self.data[found.end() : self.at]
        return self.atom()

    def quoted(self):
        found = re.compile(rb'"((?:[^"\\\r\n\0]|\\["\\])*)"', re.S).match(self.data, self.at)
        assert found, f"no quoted string: {self.data[self.at : self.at + 100]!r}"
        assert found[1].isascii() or self.utf8, f"no quoted string of RFC 3501: {found[0]!r}"
        found[1].decode()  # RFC 9051 4.3: UTF-8, and valid
        self.at = found.end()
        return re.sub(rb"\\(.)", rb"\1", found[1])

    def atom(self):
        """An atom; a section in brackets (BODY[HEADER.FIELDS (A B)]<0>) belongs to it."""
        found = ATOM.match(self.data, self.at)
        assert found, f"no atom: {self.data[self.at : self.at + 100]!r}"
        start, self.at = self.at, found.end()
        word = self.data[start : self.at].decode("latin-1")
        return None if word.upper() == "NIL" else word


def parse_untagged(raw, utf8=False):
    """The response behind `* `: status responses keep their text whole. `utf8`: quoted strings may have it."""
    word, _, text = raw.partition(b" ")
    if word.decode("latin-1").upper() in STATUS_WORDS:
        return [word.decode().upper(), text.decode("utf-8", "surrogateescape")]
    return Parser(raw, utf8).values()


class Imap:
    """An IMAP client on raw bytes; literals in commands are sent as asked (bytes in a list of pieces). `first` is sent
    before anything else."""

    def __init__(self, where, tls=False, greet=True, source=None, first=b""):
        self.wire = Wire.connect(where, source)
        if first:
            self.wire.send(first)
        if tls:
            self.secure()
        self.send, self.close, self.abort = self.wire.send, self.wire.close, self.wire.abort
        self.count = 0
        self.utf8 = False  # RFC 9051, RFC 6855: asked for with ENABLE
        self.unsolicited = []
        self.heard = []  # the last untagged responses
        self.greeting = self.response() if greet else None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def secure(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.wire.socket = context.wrap_socket(self.wire.socket, server_hostname="localhost")
        self.wire.rest = b""

    def raw_response(self):
        """One whole response with its literals, without the last CRLF."""
        parts = []
        while True:
            line = self.wire.line()
            parts.append(line)
            found = re.search(rb"\{(\d+)\}$", line)
            if not found or not line:
                return b"".join(parts)
            parts += [b"\r\n", self.wire.exactly(int(found[1]))]

    def response(self):
        raw = self.raw_response()
        if raw.startswith(b"* "):
            self.heard = [*self.heard[-9:], parse_untagged(raw[2:], self.utf8)]
            return self.heard[-1]
        if raw.startswith(b"+"):
            return ["+", raw[1:].lstrip().decode("utf-8", "surrogateescape")]
        tag, _, rest = raw.partition(b" ")
        word, _, text = rest.partition(b" ")
        assert word.decode("latin-1") in ("OK", "NO", "BAD"), f"no response: {raw[:200]!r}"
        return ["tagged", tag.decode(), word.decode(), text.decode("utf-8", "surrogateescape")]

    def tag(self):
        self.count += 1
        return f"a{self.count}"

    def begin(self, command):
        """Send a command without reading; its tag. Pieces of a list that are bytes become literals, each sent
        after the server's +."""
        tag = self.tag()
        if isinstance(command, list):
            self.send_pieces(tag, command)
        else:
            self.send(tag.encode() + b" " + as_bytes(command) + b"\r\n")
        return tag

    def send_pieces(self, tag, pieces):
        line = tag.encode() + b" "
        for piece in pieces:
            if isinstance(piece, str):
                line += as_bytes(piece)
                continue
            self.send(line + b"{%d}\r\n" % len(piece))
            while (answer := self.response())[0] != "+":
                self.unsolicited.append(answer)
                assert answer[0] != "tagged", f"literal refused: {answer}"
            line = piece
        self.send(line + b"\r\n")

    def end(self, tag):
        untagged, self.unsolicited = self.unsolicited, []
        while True:
            answer = self.response()
            if answer[0] == "tagged":
                assert answer[1] == tag, f"{answer} instead of {tag}"
                return Done(answer[2], answer[3], untagged)
            untagged.append(answer)

    def cmd(self, command):
        return self.end(self.begin(command))

    def ok(self, command):
        done = self.cmd(command)
        assert done.status == "OK", f"{command}: {done.status} {done.text}"
        return done

    def no(self, command):
        done = self.cmd(command)
        assert done.status == "NO", f"{command}: {done.status} {done.text}"
        return done

    def bad(self, command):
        done = self.cmd(command)
        assert done.status == "BAD", f"{command}: {done.status} {done.text}"
        return done

    def capabilities(self):
        return {str(word).upper() for word in self.ok("CAPABILITY").one("CAPABILITY")}

    def login(self, user, password):
        return self.ok(f'LOGIN {quote(user)} {quote(password)}')

    def select(self, mailbox="INBOX"):
        return self.ok(f"SELECT {quote(mailbox)}")

    def append(self, mailbox, message, more=""):
        return self.ok([f"APPEND {quote(mailbox)} {more} " if more else f"APPEND {quote(mailbox)} ", message])

    def uids(self):
        """In order of the sequence numbers."""
        return [int(word) for word in self.ok("UID SEARCH ALL").one("SEARCH")]

    def bodies(self):
        """The messages of the selected mailbox, whole, in order."""
        found = self.ok("FETCH 1:* (BODY.PEEK[])").fetched() if self.uids() else {}
        return [found[number]["BODY[]"] for number in sorted(found)]

    def noop(self):
        return self.ok("NOOP")

    def idle(self):
        tag = self.begin("IDLE")
        answer = self.response()
        while answer[0] != "+":
            self.unsolicited.append(answer)
            answer = self.response()
        return tag

    def idle_done(self, tag):
        self.send(b"DONE\r\n")
        return self.end(tag)

    def wait_for(self, wanted, seconds=5):
        """Read until a response for which `wanted` is true; the responses so far with it at the end."""
        seen = []
        end = time.monotonic() + seconds
        self.wire.socket.settimeout(seconds)
        try:
            while True:
                seen.append(self.response())
                if wanted(seen[-1]):
                    return seen
                assert time.monotonic() < end, f"not in {seen}"
        except TimeoutError:
            raise AssertionError(f"not within {seconds} s; seen: {seen}") from None
        finally:
            self.wire.socket.settimeout(SECONDS)

    def logout(self):
        done = self.ok("LOGOUT")
        assert done.of("BYE"), done
        assert self.wire.ended()
        self.close()


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
