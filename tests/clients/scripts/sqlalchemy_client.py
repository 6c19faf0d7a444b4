import enum
import os
import uuid
from datetime import date, datetime, timezone
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

from steps import LIFE, life, step

# The driver reads PGHOST, PGSSLMODE and the rest through libpq.
driver = os.environ["SQLALCHEMY_DRIVER"]
engine = sa.create_engine(f"postgresql+{driver}://", pool_size=2)


class Base(DeclarativeBase):
    pass


class Mood(enum.Enum):
    sad = "sad"
    ok = "ok"
    happy = "happy"


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(120))
    name: Mapped[str | None]
    items: Mapped[list["Item"]] = relationship(back_populates="customer")


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    sku: Mapped[str] = mapped_column(sa.String(40))
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 2))
    tags: Mapped[list[str] | None] = mapped_column(pg.ARRAY(sa.Text))
    data: Mapped[dict | None] = mapped_column(pg.JSONB)
    made: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    day: Mapped[date | None]
    token: Mapped[uuid.UUID | None]
    feeling: Mapped[Mood | None] = mapped_column(sa.Enum(Mood, name="mood"))
    active: Mapped[bool | None]
    customer: Mapped[Customer | None] = relationship(back_populates="items")


def plain(item):
    return [getattr(item, column.key) for column in sa.inspect(type(item)).column_attrs]


def reads():
    with Session(engine) as session:
        found = session.scalars(sa.select(Customer).options(selectinload(Customer.items)).order_by(Customer.id)).all()
        return [[plain(one), [plain(item) for item in one.items]] for one in found]


def joins():
    with Session(engine) as session:
        query = (
            sa.select(Customer.email, sa.func.count(Item.id), sa.func.coalesce(sa.func.sum(Item.price), 0))
            .outerjoin(Item)
            .group_by(Customer.email)
            .order_by(Customer.email)
        )
        return [list(row) for row in session.execute(query)]


def writes():
    with Session(engine) as session:
        eve = Customer(email="eve@example.com", items=[
            Item(sku="cup", price=Decimal("1.50"), tags=["a", "b"], data={"a": [1]}, feeling=Mood.ok,
                 made=datetime(2026, 1, 2, tzinfo=timezone.utc), day=date(2026, 1, 2), token=uuid.UUID(int=7)),
            Item(sku="mug"),
        ])
        session.add(eve)
        session.commit()
        eve.name = "Eve"
        eve.items[0].data = {"b": 2}
        session.commit()
        seen = [plain(eve), [plain(item) for item in eve.items]]
        for item in list(eve.items):
            session.delete(item)
        session.delete(eve)
        session.commit()
        seen.append(session.scalar(sa.select(sa.func.count()).select_from(Customer)))
        return seen


def nested():
    seen = []
    with Session(engine) as session:
        session.add(Customer(email="eve@example.com"))
        session.flush()
        try:
            with session.begin_nested():
                session.add(Customer(email="eve@example.com"))
                session.flush()
        except sa.exc.IntegrityError as error:
            seen.append(type(error.orig).__name__)
        seen.append(session.scalars(sa.select(Customer.email).order_by(Customer.id)).all())
        session.rollback()
        seen.append(session.scalars(sa.select(Customer.email).order_by(Customer.id)).all())
    return seen


def upsert():
    insert = pg.insert(Item).values(sku="pan", price=Decimal("9.99"))
    query = insert.on_conflict_do_update(index_elements=["sku"], set_={"price": insert.excluded.price}).returning(Item.price)
    with engine.begin() as connection:
        return [list(row) for row in connection.execute(query)]


def bulk():
    with Session(engine) as session:
        ids = session.scalars(sa.insert(Item).returning(Item.sku, sort_by_parameter_order=True), [{"sku": f"b{n}"} for n in range(5)]).all()
        gone = session.execute(sa.delete(Item).where(Item.sku.in_(ids))).rowcount
        session.commit()
        return [ids, gone]


def streams():
    with engine.connect() as connection:
        result = connection.execution_options(stream_results=True, max_row_buffer=1).execute(sa.select(Item.id).order_by(Item.id))
        return [list(row) for row in result]


def isolation():
    with engine.connect().execution_options(isolation_level="SERIALIZABLE", postgresql_readonly=True) as connection:
        return connection.exec_driver_sql("show transaction_isolation").scalar()


def enums():
    with Session(engine) as session:
        return session.scalars(sa.select(Item.sku).where(Item.feeling == Mood.happy)).all()


def reflection():
    inspector = sa.inspect(engine)
    table = sa.Table("item", sa.MetaData(), autoload_with=engine)
    return [
        [(column.name, str(column.type)) for column in table.columns],
        [str(key.target_fullname) for key in table.foreign_keys],
        sorted(index.name for index in table.indexes),
        inspector.get_unique_constraints("item"),
    ]


def step_error():
    with Session(engine) as session:
        session.add(Item(sku="pan"))
        session.commit()


def work():
    step("connect", lambda: list(engine.connect().exec_driver_sql("select 1").one()))
    step("reads with relations", reads)
    step("joins and aggregates", joins)
    step("writes", writes)
    step("nested transactions", nested)
    step("upsert", upsert)
    step("bulk insert", bulk)
    step("server-side cursor", streams)
    step("isolation and read-only", isolation)
    step("enum in a condition", enums)
    step("unique violation", step_error)
    step("has_table", lambda: [sa.inspect(engine).has_table(name) for name in ("item", "nowhere")])
    step("table names", lambda: sorted(sa.inspect(engine).get_table_names()))
    step("schema names", lambda: sorted(sa.inspect(engine).get_schema_names()))
    step("reflection", reflection)
    step("enums", lambda: sa.inspect(engine).get_enums())
    step("pre-ping", lambda: list(sa.create_engine(engine.url, pool_pre_ping=True).connect().exec_driver_sql("select 1").one()))


if LIFE:
    def ask():
        with engine.connect() as connection:
            return connection.exec_driver_sql("select 1").scalar()
    life(ask)
else:
    work()
