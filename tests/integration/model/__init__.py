"""A model of what IMAP sessions may and must see, and a driver that holds the server against it.

    truth.py      what the database says: accounts, folders, rights, messages, flags, modseqs; what each account sees of it
    view.py       one session's knowledge, fed by untagged responses; refuses what the RFCs forbid
    session.py    one connection of a kind: rev1, CONDSTORE, QRESYNC, rev2; sends commands, reads answers into its view
    command.py    what all random commands share
    reading.py search.py states.py writing.py folders.py
                  random commands, what each must answer and what it must change
    commands.py   which of them, how often
    hand.py       an administrator's SQL
    driver.py     one thread that drives all sessions from a seed
"""
