"""The search index anew: by kind, so that the newest of a kind are read first, and with longer pieces of what is written in letters."""

from django.db import migrations

ROW = "(SELECT id << 44 FROM core_search_kinds AS number WHERE number.kind = entry.kind) + object_pk"
TOKENS = """
(WITH RECURSIVE place(rest) AS (SELECT entry.text UNION ALL SELECT substr(rest, 2) FROM place WHERE length(rest) > 2)
SELECT group_concat(hex(substr(rest, 1, 2))
    || CASE WHEN rest GLOB '[ -~][ -~][ -~]*' THEN ' ' || hex(substr(rest, 1, 3)) ELSE '' END
    || CASE WHEN rest GLOB '[ -~][ -~][ -~][ -~]*' THEN ' ' || hex(substr(rest, 1, 4)) ELSE '' END, ' ') FROM place)
"""
ON_SQLITE = [
    "DROP TABLE core_search_pieces",
    "CREATE VIRTUAL TABLE core_search_pieces USING fts5(pieces, content='', detail='none', columnsize=0, tokenize='ascii')",
    "CREATE TABLE core_search_kinds (id integer NOT NULL PRIMARY KEY, kind text NOT NULL UNIQUE)",
    "INSERT INTO core_search_kinds(kind) SELECT DISTINCT kind FROM core_searchentry ORDER BY kind",
    f"INSERT INTO core_search_pieces(rowid, pieces) SELECT {ROW}, {TOKENS} FROM core_searchentry AS entry ORDER BY kind, object_pk",
]
ON_POSTGRESQL = [
    "DROP INDEX core_search_pieces",
    "DROP FUNCTION portal_pieces(text)",
    """
    CREATE FUNCTION portal_piece(kind text, span bigint, piece text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $body$ SELECT kind || ' ' || span || ' ' || piece $body$
    """,
    r"""
    CREATE FUNCTION portal_pieces(kind text, object_pk bigint, value text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $body$
        SELECT COALESCE(array_agg(kind || ' ' || (object_pk >> 14) || ' ' || substr(line, place, size)), '{}')
        FROM unnest(string_to_array(value, E'\n')) AS line, generate_series(2, 4) AS size, generate_series(1, length(line) - size + 1) AS place
        WHERE size = 2 OR octet_length(substr(line, place, size)) = size
    $body$
    """,
    'CREATE INDEX core_search_pieces ON core_searchentry USING gin (portal_pieces(kind, object_pk, text) COLLATE "C") WITH (fastupdate = off)',
]


def make_index(apps, schema_editor):
    for statement in ON_SQLITE if schema_editor.connection.vendor == "sqlite" else ON_POSTGRESQL:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_search_entry"),
    ]

    operations = [
        migrations.RunPython(make_index, elidable=False),
    ]
