"""CREATE, DELETE, RENAME of an account's own folders."""

from model.command import NAMES, Command, need, spell


def create(rng, session, truth):
    name = rng.choice(NAMES)

    def check(done, before, now):
        was = next((box for box in truth.own(before) if box.name == name), None)
        need(done, "NO" if was is not None and not was.no_select else "OK")
        assert name in now.selectable()

    return Command("CREATE", [f"CREATE {spell(session, name)}"], check=check)


def delete(rng, session, truth):
    name = rng.choice([*truth.own_names(), "nowhere"])

    def check(done, before, now):
        was = next((box for box in truth.own(before) if box.name == name), None)
        if was is None or name == "INBOX":
            return need(done, "NO")
        has_below = any(box.name.startswith(name + "/") for box in truth.own(before))
        need(done, "NO" if was.no_select and has_below else "OK")
        assert was.id not in now.boxes or done.status == "NO"
        return None

    return Command("DELETE", [f"DELETE {spell(session, name)}"], check=check)


def rename(rng, session, truth):
    name, to = rng.choice([*truth.own_names(), "nowhere"]), rng.choice(NAMES)

    def check(done, before, now):
        names = {box.name: box for box in truth.own(before)}
        if name not in names or to in names or to.startswith(name + "/") and name != "INBOX":
            return need(done, "NO", "BAD")
        need(done, "OK")
        assert now.boxes[names[name].id].name == to, "the folder goes with its mail"
        assert name != "INBOX" or not now.named("INBOX").messages
        return None

    return Command("RENAME", [f"RENAME {spell(session, name)} {spell(session, to)}"], check=check)
