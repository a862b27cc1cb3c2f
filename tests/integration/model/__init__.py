"""A model of what IMAP sessions may and must see, and a driver that holds the server against it.

    truth.py      what the database says: folders, messages, flags
    view.py       one session's knowledge, fed by untagged responses; refuses what RFC 3501 forbids
    session.py    one connection: sends commands, reads their answers into its view
    commands.py   random commands, what each must answer and what it must change
    driver.py     one thread that drives all sessions from a seed
"""
