"""A connection: commands out, answers into the view."""

import time

import wire
from model.view import View

NUMBERS_STAY = ("FETCH", "STORE", "SEARCH")

# what a client asks for when it has logged in, by the capabilities that it needs for that
KINDS = {
    "plain": (set(), None),
    "condstore": ({"CONDSTORE", "ENABLE"}, "CONDSTORE"),
    "qresync": ({"QRESYNC", "ENABLE"}, "QRESYNC"),
    "rev2": ({"IMAP4REV2", "ENABLE"}, "IMAP4rev2"),
}


class Lost(Exception):
    """The server said BYE or hung up."""


class Session:
    """`user`: the account's id. `eyes`: what it sees of the truth. `caches`: by the name of a mailbox, what it knew when
    it left; they live longer than the connection. `kind`: of KINDS; what the server does not announce is as "plain"."""

    def __init__(self, name, person, claims, tls, kind="plain", caches=None):
        self.name, self.person, self.claims, self.tls = name, person, claims, tls
        self.account, self.user, self.eyes = person.account, person.id, person.eyes
        self.imap = self.account.imap(tls=tls)
        self.capabilities = self.imap.capabilities()
        self.caches = {} if caches is None else caches
        needs, word = KINDS[kind]
        self.kind = kind if needs <= self.capabilities else "plain"
        if self.kind != "plain":
            assert word.upper() in {str(one).upper() for one in self.imap.ok(f"ENABLE {word}").one("ENABLED")}
        self.imap.utf8 = self.kind == "rev2"
        self.view = self.opening = None
        self.saved = None  # the uids that `$` stands for; None: nobody knows
        self.idle = None  # the command, while it lasts
        self.bye = None
        self.was_cut = False  # it hung up on what was being sent: a BYE may have been lost with the connection

    @property
    def knows_modseq(self):
        return self.kind in ("condstore", "qresync")

    def can(self, letters):
        """All of these rights, in the mailbox that is selected."""
        box = self.eyes.boxes.get(self.view.box)
        return not self.view.read_only and box is not None and set(letters) <= self.eyes.rights_on(box)

    def close(self):
        self.keep()
        self.imap.close()

    def keep(self):
        """What it knows of the mailbox that it leaves."""
        cache = self.view.cache() if self.view and self.kind == "qresync" else None
        if cache is not None:
            self.caches[self.view.name] = cache

    def send(self, commands):
        """All of them at once; literals are LITERAL+."""
        data = b""
        for command in commands:
            command.tag = self.imap.tag()
            data += command.tag.encode() + b" " + command.bytes() + b"\r\n"
        try:
            self.imap.send(data)
        except wire.Closed as error:
            self.was_cut = True
            raise Lost(str(error)) from None

    def finish(self, command):
        """Read the answer of one command: wire.Done."""
        if command.verb in ("SELECT", "EXAMINE"):
            self.keep()
            self.view = self.saved = None
            owner = self.eyes.owner_of(command.mailbox)
            self.opening = View(command.mailbox, command.verb == "EXAMINE", self.claims, owner, self.kind)
            self.opening.resync = command.resync
        elif command.verb in ("CLOSE", "UNSELECT"):
            self.keep()
        done = self.read_answer(command)
        if self.opening:
            if done.status == "OK":
                self.view, self.opening = self.opening, None
                self.view.opened("[READ-ONLY]" in done.text)
            self.opening = None
        if command.verb in ("CLOSE", "UNSELECT") and done.status == "OK":
            self.view = self.saved = None
        if self.view is not None:
            if done.status == "OK":
                self.view.take_code(done.text)
            self.view.settled(command.synchronises and done.status == "OK")
        return done

    def read_answer(self, command):
        untagged = []
        while True:
            response = self.read()
            if response[0] == "tagged":
                assert response[1] == command.tag, f"{response} instead of {command.tag}"
                return wire.Done(response[2], response[3], untagged)
            untagged.append(response)
            self.take(response, command)

    def read(self):
        try:
            response = self.imap.response()
        except wire.Closed as error:
            raise Lost(f"{self.bye or ''} {error}") from None
        if response[0] == "BYE":
            self.bye = response[1]
        return response

    def take(self, response, command):
        view = self.opening or self.view
        stays = command is not None and command.verb in NUMBERS_STAY and not command.uid
        if view is not None:
            # an answer to FETCH is what was asked for; all other news of flags has the modseq
            asked = command is not None and command.verb == "FETCH"
            if self.kind == "qresync" and response[1:2] == ["FETCH"]:
                # RFC 7162 3.2.4; what STORE itself answers by numbers may be without
                unasked = not asked and command is not None and command.verb != "STORE"
                assert not unasked or "UID" in response[2], f"{response} without UID"
            view.take(response, stays, self.knows_modseq and not asked and self.opening is None)
        else:
            assert not response[0].isdigit(), f"{response} without a mailbox"

    def begin_idle(self, command):
        """Up to the continuation; news may come before it."""
        self.send([command])
        while (response := self.read())[0] != "+":
            assert response[0] != "tagged", f"IDLE: {response}"
            self.take(response, command)
        self.idle = command

    def wait_until(self, is_enough, seconds=8):
        """While idle: read until `is_enough()`; the last AssertionError if it does not come about."""
        end = time.monotonic() + seconds
        while True:
            try:
                is_enough()
                return
            except AssertionError:
                if time.monotonic() > end:
                    raise
            self.read_for(0.3)

    def read_for(self, seconds):
        """Whatever comes within the time; a response that has begun is read to its end."""
        if not self.imap.wire.rest:
            self.imap.wire.socket.settimeout(seconds)
            try:
                self.imap.wire.fill()
            except (TimeoutError, wire.ssl.SSLWantReadError):
                return
            except wire.Closed as error:
                raise Lost(str(error)) from None
            finally:
                self.imap.wire.socket.settimeout(wire.SECONDS)
        self.take(self.read(), self.idle)

    def end_idle(self):
        command, self.idle = self.idle, None
        try:
            self.imap.send(b"DONE\r\n")
        except wire.Closed as error:
            raise Lost(str(error)) from None
        return self.read_answer(command)
