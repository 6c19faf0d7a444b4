import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import django
from django.conf import settings

from steps import DATABASE, HOST, LIFE, PASSWORD, PORT, USER, life, step

settings.configure(
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": DATABASE, "HOST": HOST, "PORT": PORT, "USER": USER,
        "PASSWORD": PASSWORD, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True,
    }},
    INSTALLED_APPS=[], USE_TZ=True, TIME_ZONE="Europe/Berlin", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402
from django.core.management.commands.inspectdb import Command  # noqa: E402
from django.db import IntegrityError, close_old_connections, connection, models, transaction  # noqa: E402
from django.db.models import Count, F, Q, Sum  # noqa: E402


class Customer(models.Model):
    email = models.CharField(max_length=120, unique=True)
    name = models.TextField(null=True)

    class Meta:
        app_label, db_table, managed = "shop", "customer", False


class Item(models.Model):
    customer = models.ForeignKey(Customer, models.DO_NOTHING, null=True)
    sku = models.CharField(max_length=40, unique=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    tags = ArrayField(models.TextField(), null=True)
    data = models.JSONField(null=True)
    made = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    token = models.UUIDField(null=True)
    blob = models.BinaryField(null=True)
    span = models.DurationField(null=True)
    active = models.BooleanField(default=True, null=True)

    class Meta:
        app_label, db_table, managed = "shop", "item", False


def nested():
    seen = []
    try:
        with transaction.atomic():
            Customer.objects.create(email="eve@example.com")
            try:
                with transaction.atomic():
                    Customer.objects.create(email="eve@example.com")
            except IntegrityError as error:
                seen.append(str(error))
            seen.append(list(Customer.objects.order_by("id").values_list("email", flat=True)))
            raise RuntimeError("changed my mind")
    except RuntimeError as error:
        seen.append(str(error))
    seen.append(list(Customer.objects.order_by("id").values_list("email", flat=True)))
    return seen


def writes():
    item = Item.objects.create(
        sku="cup", price=Decimal("1.50"), tags=["a", "b"], data={"a": [1]}, made=datetime(2026, 1, 2, tzinfo=timezone.utc),
        day=date(2026, 1, 2), token=uuid.UUID(int=7), blob=b"\0\xff", span=timedelta(hours=1), customer_id=1,
    )
    item.price = F("price") + 1
    item.save()
    item.refresh_from_db()
    changed = Item.objects.filter(sku="cup", data__a__contains=[1]).update(active=False)
    seen = [item.price, item.span, bytes(item.blob), item.made, changed]
    return [*seen, item.delete()]


def bulk():
    made = Item.objects.bulk_create([Item(sku=f"b{n}") for n in range(3)])
    again = Item.objects.bulk_create(
        [Item(sku="b0", price=5)], update_conflicts=True, unique_fields=["sku"], update_fields=["price"])
    price = Item.objects.get(sku="b0").price
    return [len(made), len(again), price, Item.objects.filter(sku__startswith="b").delete()]


def raw():
    with connection.cursor() as cursor:
        cursor.execute("select sku from item where id = %s", [1])
        return cursor.fetchall()


def inspect():
    return list(Command().handle_inspection({
        "database": "default", "table": ["customer", "item"], "table_name_filter": None,
        "include_partitions": False, "include_views": False,
    }))


def work():
    step("all", lambda: list(Item.objects.order_by("id").values()))
    step("joins", lambda: list(Item.objects.filter(customer__email__icontains="ADA").values("sku", "customer__name")))
    step("aggregates", lambda: list(Customer.objects.annotate(n=Count("item"), s=Sum("item__price")).order_by("id").values("email", "n", "s")))
    step("conditions", lambda: list(Item.objects.filter(Q(tags__contains=["red"]) | Q(made__year=1999) | Q(sku__regex="^k")).values_list("sku")))
    step("dates", lambda: list(Item.objects.filter(made__date=date(2026, 2, 3)).dates("day", "month")))
    step("time zone", lambda: list(Item.objects.datetimes("made", "hour")))
    step("writes", writes)
    step("nested transactions", nested)
    step("bulk", bulk)
    step("get_or_create", lambda: [Customer.objects.get_or_create(email="ada@example.com")[1], Customer.objects.update_or_create(email="bob@example.com", defaults={"name": "Bob"})[1]])
    step("lock", lambda: transaction.atomic(lambda: list(Item.objects.select_for_update().filter(sku="pan").values_list("sku")))())
    step("server-side cursor", lambda: [item.sku for item in Item.objects.order_by("id").iterator(chunk_size=1)])
    step("explain", lambda: "Scan" in Item.objects.all().explain())
    step("raw", raw)
    step("health check", lambda: [close_old_connections(), Item.objects.count()])
    step("unique violation", lambda: Item.objects.create(sku="pan"))
    step("table names", lambda: sorted(connection.introspection.table_names()))
    step("inspectdb", inspect)


if LIFE:
    def ask():
        close_old_connections()
        return Item.objects.count()
    life(ask)
else:
    work()
