"""An administrator with the engine's shell: folders, rights, accounts, within the rules of docs/schema.md."""

import wire
from model.command import NAMES, Command, flag_list, need
from model.truth import ALL_RIGHTS, ANYONE, PUBLIC, RIGHTS

# as people give them: to look at, to read, to write to, to work with, all
GRANTS = ["", "lr", "lrs", "lri", "lrsw", "lrswi", "lrswite", "lrswite", "lrswipkxtea"]


class Hand:
    def __init__(self, driver):
        self.driver, self.truth = driver, driver.truth

    @property
    def rng(self):
        return self.driver.rng

    def note(self, text):
        self.driver.note(None, text)

    def act(self):
        acts = [self.insert_folder, self.delete_folder, self.rename_folder, self.lock_account]
        if len(self.truth.logins) > 1:
            acts += [self.change_rights] * 4
        self.rng.choice(acts)()
        self.truth.read()

    def some_person(self):
        return self.rng.choice(self.driver.people)

    @staticmethod
    def free_names(person):
        taken = set(person.eyes.own_names())
        return [name for name in NAMES if name not in taken]

    def some_folder(self, person):
        boxes = [box for box in person.eyes.own() if box.name != "INBOX"]
        return self.rng.choice(boxes) if boxes else None

    def insert_folder(self):
        person = self.some_person()
        free = self.free_names(person)
        if free:
            self.insert(person.id, self.rng.choice(free))

    def insert(self, owner, name):
        self.note(f"INSERT folder {name} of {owner}")
        self.truth.execute("INSERT INTO dbmail_mailboxes (owner_idnr, name) VALUES (?, ?)", owner, name)
        self.truth.read()

    def insert_public_folder(self):
        """Of everybody to read, of one account to work with."""
        self.insert(PUBLIC, "board")
        box = next(box for box in self.truth.boxes.values() if box.owner == PUBLIC)
        self.grant(ANYONE, box, "lr")
        self.grant(self.driver.people[0].id, box, "lrswite")
        self.truth.read()

    def delete_folder(self):
        box = self.some_folder(self.some_person())
        if box:
            self.note(f"DELETE folder {box.name} {box.id}")
            self.truth.execute("DELETE FROM dbmail_mailboxes WHERE mailbox_idnr = ?", box.id)

    def rename_folder(self):
        person = self.some_person()
        box, free = self.some_folder(person), self.free_names(person)
        if box and free:
            name = self.rng.choice(free)
            self.note(f"UPDATE folder {box.name} to {name}")
            self.truth.execute("UPDATE dbmail_mailboxes SET name = ? WHERE mailbox_idnr = ?", name, box.id)

    def grant(self, user, box, letters):
        self.note(f"rights of {user} on {box.owner}/{box.name}: {letters or 'none'}")
        self.truth.execute("DELETE FROM dbmail_acl WHERE user_id = ? AND mailbox_id = ?", user, box.id)
        if letters:
            flags = ", ".join(RIGHTS[letter] for letter in letters)
            values = ", ".join("1" for _ in letters)
            text = f"INSERT INTO dbmail_acl (user_id, mailbox_id, {flags}) VALUES (?, ?, {values})"
            self.truth.execute(text, user, box.id)

    def allow_all(self, box):
        self.grant(self.driver.people[0].id, box, "".join(sorted(ALL_RIGHTS)))
        self.truth.read()

    def change_rights(self):
        """Who has the folder open is asked to write with rights that are gone, then leaves it: what a session may do
        follows the rights of the moment, what it was told of it the rights at SELECT."""
        person = self.some_person()
        boxes = [box for box in self.truth.boxes.values() if box.owner != person.id and not box.no_select]
        if not boxes:
            return
        box = self.rng.choice(boxes)
        self.grant(person.id, box, self.rng.choice(GRANTS))
        self.truth.read()
        for session in list(self.driver.sessions):
            if session.user == person.id and session.view and session.view.box == box.id:
                self.leave(session, box)

    def leave(self, session, box):
        driver = self.driver
        if session.idle:
            driver.wake(session)
        if session not in driver.sessions or not session.view:
            return
        rights = session.eyes.rights_on(box)
        if not rights & set("swt") and session.view.entries and not session.view.read_only:
            command = Command("STORE", [f"STORE 1:* +FLAGS {flag_list(['$Junk'])}"], uid=True, changes_flags=True)
            flags = {uid: message.flags for uid, message in box.messages.items()}

            def check(done, before, now):
                need(done, "NO")
                assert flags == {uid: message.flags for uid, message in now.boxes[box.id].messages.items()}

            command.check = check
            driver.sync(session, command)
        if session in driver.sessions and session.view:
            driver.sync(session, Command("UNSELECT", ["UNSELECT"], check=lambda done, *_: need(done, "OK")))

    def lock_account(self):
        """Nobody logs in and nothing is delivered while active is 0."""
        person = self.some_person()
        account, lmtp = person.account, self.driver.lmtp
        self.note(f"UPDATE active of {account.user}")
        set_active = "UPDATE dbmail_users SET active = ? WHERE user_idnr = ?"
        self.truth.execute(set_active, 0, person.id)
        try:
            with wire.Imap(self.driver.host.port("imap")) as peer:
                peer.no(f"LOGIN {account.user} {account.password}")
            assert lmtp.cmd("MAIL FROM:<a@b.test>").code == 250
            assert lmtp.cmd(f"RCPT TO:<{account.address}>").code in (450, 550)
            assert lmtp.cmd("RSET").code == 250
        finally:
            self.truth.execute(set_active, 1, person.id)
