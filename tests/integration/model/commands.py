"""Random commands. Each knows its bytes and, if nobody else is at work meanwhile, what it must answer and change."""

from model.folders import create, delete, rename
from model.reading import fetch, fetch_changed, list_all, noop, status
from model.search import search
from model.states import close, expunge, select, unselect
from model.writing import append, copy, move, store

# what, how often, only with a mailbox
TABLE = [
    (noop, 10, False),
    (fetch, 15, True),
    (fetch_changed, 3, True),
    (search, 7, True),
    (store, 16, True),
    (copy, 7, True),
    (move, 4, True),
    (append, 9, False),
    (expunge, 8, True),
    (select, 9, False),
    (close, 2, True),
    (unselect, 1, True),
    (status, 5, False),
    (list_all, 2, False),
    (create, 2, False),
    (delete, 1, False),
    (rename, 1, False),
]


def pick(rng, session, truth):
    if session.view and session.view.has_unknown():  # its folder is gone
        return noop(rng, session, truth)
    rows = [row for row in TABLE if session.view or not row[2]]
    if not session.view and rng.random() < 0.5:
        return select(rng, session, truth)
    make = rng.choices([row[0] for row in rows], [row[1] for row in rows])[0]
    return make(rng, session, truth)
