"""A connection: commands out, answers into the view."""

import time

import wire
from model.view import View

NUMBERS_STAY = ("FETCH", "STORE", "SEARCH")


class Lost(Exception):
    """The server said BYE or hung up."""


class Session:
    def __init__(self, name, account, claims, tls):
        self.name, self.account, self.claims, self.tls = name, account, claims, tls
        self.imap = account.imap(tls=tls)
        self.view = self.opening = None
        self.idle = None  # the command, while it lasts
        self.bye = None

    def close(self):
        self.imap.close()

    def send(self, commands):
        """All of them at once; literals are LITERAL+."""
        data = b""
        for command in commands:
            command.tag = self.imap.tag()
            data += command.tag.encode() + b" " + command.bytes() + b"\r\n"
        try:
            self.imap.send(data)
        except wire.Closed as error:
            raise Lost(str(error)) from None

    def finish(self, command):
        """Read the answer of one command: wire.Done."""
        if command.verb in ("SELECT", "EXAMINE"):
            self.view, self.opening = None, View(command.mailbox, command.verb == "EXAMINE", self.claims)
        done = self.read_answer(command)
        if self.opening:
            if done.status == "OK":
                self.view, self.opening = self.opening, None
                self.view.opening = False
                self.view.read_only = "[READ-ONLY]" in done.text
            self.opening = None
        if command.verb in ("CLOSE", "UNSELECT") and done.status == "OK":
            self.view = None
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
            view.take(response, stays)
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
