"""A report as a run over a shop's migrations gives it, made by hand."""

from __future__ import annotations

from dbspecialist.facts.change import Change, FileEdit, Phase
from dbspecialist.facts.effects import ConstraintChange, EngineError, StatementEffects
from dbspecialist.facts.finding import Finding, Location
from dbspecialist.facts.locks import Lock
from dbspecialist.facts.migration import Migration
from dbspecialist.facts.proof import Proof
from dbspecialist.facts.report import MigrationReport, Report, TwinFacts

INDEX = "migrations/versions/0012_add_order_status.py"
FOREIGN = "migrations/versions/0013_link_coupons.py"
NARROW = "migrations/versions/0014_shorten_sku.py"
QUIET = "migrations/versions/0015_add_notes.py"

TWIN = TwinFacts(
    engine="postgresql",
    version="18.6",
    source="examples/shop/prod.snapshot",
    source_version="16.4",
    ready_ms=612.4,
    left_out=("extension postgis is not installed; 2 columns of its types hold text",),
)

ADD_STATUS = StatementEffects(
    sql="ALTER TABLE orders ADD COLUMN status text DEFAULT 'new' NOT NULL",
    line=21,
    tags=("ALTER TABLE",),
    transaction=1,
    locks=(Lock("public.orders", "AccessExclusiveLock"),),
    settings={"lock_timeout": "0", "statement_timeout": "0"},
    blocked_ms={"public.orders": 236_000.0},
    elapsed_ms=1.8,
)
BUILD_INDEX = StatementEffects(
    sql="CREATE INDEX ix_orders_status ON orders (status)",
    line=24,
    tags=("CREATE INDEX",),
    transaction=1,
    locks=(Lock("public.orders", "ShareLock"),),
    scans=("public.orders",),
    index_builds={"public.ix_orders_status": "public.orders"},
    creates=(("CREATE INDEX", "index", "public.ix_orders_status"),),
    blocked_ms={"public.orders": 234_000.0},
    elapsed_ms=2.1,
)
BACKFILL = StatementEffects(
    sql="UPDATE orders\n   SET status = 'done'\n WHERE shipped_at IS NOT NULL",
    line=25,
    tags=("UPDATE",),
    transaction=1,
    locks=(Lock("public.orders", "RowExclusiveLock"),),
    scans=("public.orders",),
    rows_modified={"public.orders": 1_187_654_321.0},
    blocked_ms={"public.orders": 231_000.0},
    elapsed_ms=1.1,
)
ADD_COUPON = StatementEffects(
    sql="ALTER TABLE order_items ADD COLUMN coupon_id bigint",
    line=18,
    tags=("ALTER TABLE",),
    transaction=2,
    locks=(Lock("public.order_items", "AccessExclusiveLock"),),
    blocked_ms={"public.order_items": 8_400.0},
    elapsed_ms=1.2,
)
LINK_COUPON = StatementEffects(
    sql=(
        "ALTER TABLE order_items ADD CONSTRAINT fk_order_items_coupon_id_coupons"
        " FOREIGN KEY(coupon_id) REFERENCES coupons (id) ON DELETE SET NULL"
    ),
    line=19,
    tags=("ALTER TABLE",),
    transaction=2,
    locks=(
        Lock("public.order_items", "ShareRowExclusiveLock"),
        Lock("public.coupons", "ShareRowExclusiveLock"),
    ),
    scans=("public.order_items",),
    constraints=(
        ConstraintChange(
            "public.order_items",
            "fk_order_items_coupon_id_coupons",
            "foreign key",
            "FOREIGN KEY (coupon_id) REFERENCES coupons(id) ON DELETE SET NULL",
            valid=True,
            added=True,
            referenced="public.coupons",
            index="public.coupons_pkey",
        ),
    ),
    blocked_ms={"public.order_items": 8_400.0, "public.coupons": 8_400.0},
    elapsed_ms=1.9,
)
SHORTEN = StatementEffects(
    sql="ALTER TABLE products ALTER COLUMN sku TYPE varchar(8)",
    line=17,
    tags=("ALTER TABLE",),
    transaction=3,
    locks=(
        Lock("public.products", "AccessExclusiveLock"),
        Lock("public.products_sku_key", "AccessExclusiveLock", "index"),
    ),
    rewrites={"public.products": "column type"},
    index_builds={"public.products_sku_key": "public.products"},
    error=EngineError("22001", "value too long for type character varying(8)"),
    blocked_ms={"public.products": 640.0},
    elapsed_ms=2.4,
)
ADD_NOTES = StatementEffects(
    sql="CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL)",
    line=14,
    tags=("CREATE TABLE",),
    transaction=4,
    creates=(("CREATE TABLE", "table", "public.notes"),),
    elapsed_ms=1.0,
)

ROUND_TRIP = "upgrade, downgrade, upgrade end in the same catalogue and the same rows"
MIGRATIONS = (
    MigrationReport(
        Migration("0012", INDEX, "alembic", ("0011",), "add order status", reversible=True),
        (ADD_STATUS, BUILD_INDEX, BACKFILL),
        Proof(
            ROUND_TRIP,
            "refuted",
            "downgrade drops public.orders.status, whose values the upgrade cannot bring back",
        ),
    ),
    MigrationReport(
        Migration("0013", FOREIGN, "alembic", ("0012",), "link coupons", reversible=True),
        (ADD_COUPON, LINK_COUPON),
        Proof(ROUND_TRIP, "proven", "3 catalogues and the rows of 12 tables compared on the twin"),
    ),
    MigrationReport(
        Migration("0014", NARROW, "alembic", ("0013",), "shorten sku", reversible=True),
        (SHORTEN,),
        Proof(ROUND_TRIP, "unchecked", "the upgrade fails on the data that is there"),
    ),
    MigrationReport(
        Migration("0015", QUIET, "alembic", ("0014",), "add notes", reversible=True),
        (ADD_NOTES,),
        Proof(ROUND_TRIP, "proven", "3 catalogues and the rows of 12 tables compared on the twin"),
    ),
)

BUILD_FIX = Change(
    summary="Build the index without blocking writes, in a revision of its own",
    safe=True,
    why="the catalogue at the end is the same, and no statement blocks reads or writes",
    phases=(
        Phase(
            "Build the index concurrently",
            up=(
                "SET lock_timeout = 0",
                "CREATE INDEX CONCURRENTLY ix_orders_status ON orders (status)",
            ),
            down=("DROP INDEX CONCURRENTLY ix_orders_status",),
            transactional=False,
            edits=(
                FileEdit(
                    INDEX,
                    "def upgrade() -> None:\n"
                    "    with op.get_context().autocommit_block():\n"
                    "        op.create_index(\n"
                    '            "ix_orders_status", "orders", ["status"],\n'
                    "            postgresql_concurrently=True,\n"
                    "        )\n",
                ),
            ),
        ),
    ),
    proofs=(Proof("it ends in the same catalogue", "proven", "both run on the twin and compared"),),
)

FINDINGS = (
    Finding(
        "set-a-lock-timeout",
        "warning",
        "public.orders: AccessExclusiveLock is waited for without a limit (lock_timeout is 0)",
        Location(INDEX, 21),
        (
            Proof(
                "lock_timeout is 0 when the statement runs", "proven", "current_setting on the twin"
            ),
        ),
        "Set lock_timeout in env.py before the migrations run.",
        relation="public.orders",
    ),
    Finding(
        "build-index-concurrently",
        "error",
        "public.orders: CREATE INDEX blocks writes for 3.9 min (1.2 billion rows)",
        Location(INDEX, 24),
        (
            Proof(
                "the statement takes ShareLock on public.orders",
                "proven",
                "pg_locks of the session that ran it on the twin",
            ),
            Proof(
                "the build takes 3.9 min",
                "unchecked",
                "estimated from 96 GiB at the rate of this machine's engine; not run at that size",
            ),
        ),
        "Pass postgresql_concurrently=True within autocommit_block().",
        BUILD_FIX,
        "public.orders",
    ),
    Finding(
        "validate-foreign-key-separately",
        "error",
        "public.coupons: ADD FOREIGN KEY blocks writes for 8.4 s"
        " (order_items is scanned, 43 million rows)",
        Location(FOREIGN, 19),
        (
            Proof(
                "the statement takes ShareRowExclusiveLock on public.coupons",
                "proven",
                "pg_locks of the session that ran it on the twin",
            ),
        ),
        "Add the constraint with NOT VALID and validate it in a later revision.",
        relation="public.coupons",
    ),
    Finding(
        "fit-the-data",
        "error",
        "public.products.sku: varchar(8) is too short, the longest of 100 common values has 13",
        Location(NARROW, 17),
        (
            Proof(
                "the statement goes through on the data of production",
                "refuted",
                "most_common_vals holds 'TSHIRT-XL-RED' (share 0.004)",
            ),
            Proof(
                "no other row is longer",
                "unchecked",
                "statistics hold a sample; give --database to ask production",
            ),
        ),
        relation="public.products",
    ),
    Finding(
        "index-foreign-keys",
        "info",
        "public.order_items.coupon_id: no index for the lookup that DELETE on coupons makes",
        Location(FOREIGN, 19),
        (Proof("no index begins with coupon_id", "tested", "DELETE planned on the twin", 12),),
        relation="public.order_items",
    ),
    Finding(
        "keep-models-in-step",
        "warning",
        "public.orders.status: the model has no server default, the database has 'new'",
        Location("shop/models.py"),
        (Proof("models and migrations agree", "refuted", "catalogues of two twins compared"),),
        relation="public.orders",
    ),
)

REPORT = Report(
    twin=TWIN,
    migrations=MIGRATIONS,
    findings=FINDINGS,
    proofs=(
        Proof("the history replays from zero", "proven", "15 revisions run on an empty twin"),
        Proof("there is one head", "proven", "alembic heads"),
        Proof("models and migrations agree", "refuted", "1 object of 84 differs"),
    ),
)

EMPTY = Report(twin=TWIN)
