"""Mail spread by account on a real Citus, where there is one: dist/sql/citus.sql, and the load on it."""

import pytest
from conftest import ROOT
from load import Load
from nodes import Site
from replication import Replication
from trials import conclude

PASSWORD = "secret"


# What Citus refuses of keys, on a PostgreSQL without it.
STAND_INS = """
CREATE FUNCTION check_key(spread regclass, by text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = spread AND attname = by AND attnum > 0) THEN
		RAISE 'no column % in %', by, spread;
	END IF;
	IF EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = spread AND i.indisunique AND NOT EXISTS
		(SELECT 1 FROM pg_attribute a WHERE a.attrelid = spread AND a.attname = by AND a.attnum = ANY (i.indkey))) THEN
		RAISE 'a unique key of % is without %', spread, by;
	END IF;
	IF EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = spread AND NOT tgisinternal) THEN
		RAISE '% has a trigger', spread;
	END IF;
	IF EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f' AND (conrelid = spread OR confrelid = spread)) THEN
		RAISE '% has a foreign key', spread;
	END IF;
END $$;
CREATE TABLE spread_tables (name text PRIMARY KEY);
CREATE FUNCTION create_distributed_table(name text, by text, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM check_key(name::regclass, by);
	IF colocate_with <> 'none' AND NOT EXISTS (SELECT 1 FROM spread_tables s WHERE s.name = colocate_with) THEN
		RAISE '% is not spread yet', colocate_with;
	END IF;
	INSERT INTO spread_tables VALUES (name);
END $$;
CREATE FUNCTION create_reference_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = name::regclass AND NOT tgisinternal) THEN
		RAISE '% has a trigger', name;
	END IF;
	IF EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f' AND conrelid = name::regclass
		AND confrelid::regclass::text NOT IN (SELECT s.name FROM spread_tables s) AND confrelid <> conrelid) THEN
		RAISE '% refers to a table that is not everywhere yet', name;
	END IF;
	INSERT INTO spread_tables VALUES (name);
END $$;
"""


def test_the_statements_fit_the_schema(guard, pair):
    pair.create("standins", "standins", PASSWORD)
    site = Site(guard, [pair.url("standins", "standins", PASSWORD)], accounts=0)
    site.close()
    pair.primary.sql(STAND_INS, "standins")
    pair.primary.sql((ROOT / "dist/sql/citus.sql").read_text(), "standins")
    assert pair.primary.sql("SELECT count(*) FROM spread_tables", "standins") == [["33"]]


@pytest.fixture(scope="module")
def server(guard):
    """A PostgreSQL of its own, with the extension."""
    pair = Replication(guard, name="citus")
    server = pair.primary
    server.install()
    server.start()
    if not server.sql("SELECT 1 FROM pg_available_extensions WHERE name = 'citus'"):
        server.stop()
        pytest.skip("pg_available_extensions has no citus: Debian does not carry it, https://www.citusdata.com/download does")
    server.stop()
    with open(server.data / "postgresql.conf", "a") as config:
        config.write("shared_preload_libraries = 'citus'\n")
    server.start()
    pair.create("sharded", "sharded", PASSWORD)
    server.sql("CREATE EXTENSION citus", "sharded")
    server.sql(f"SELECT citus_set_coordinator_host('127.0.0.1', {server.port})", "sharded")
    server.sql("SELECT citus_set_node_property('127.0.0.1', (SELECT nodeport FROM pg_dist_node), 'shouldhaveshards', true)", "sharded")
    return server


def test_mail_is_spread_by_account(guard, server, count):
    url = server.pair.url("sharded", "sharded", PASSWORD, [server])
    site = Site(guard, [url] * 2)
    try:
        server.sql((ROOT / "dist/sql/citus.sql").read_text(), "sharded")
        load = Load(site.start(), "citus").start()
        load.progress(300)
        conclude(load, count)
    finally:
        site.close()
