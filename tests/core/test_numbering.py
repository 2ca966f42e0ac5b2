"""Numbers without gaps, whoever takes them at the same time."""

import threading

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from core.models import Serial
from core.numbering import take_number


@pytest.mark.django_db
def test_each_series_and_year_counts_from_one():
    taken = [take_number(*which) for which in [("函", 2026), ("函", 2026), ("函", 2027), ("件", 2026), ("函", 2026)]]

    assert taken == [1, 2, 1, 1, 3]
    assert str(Serial.objects.get(series="函", year=2026)) == "函 2026: 3"


@pytest.mark.django_db(transaction=True)
def test_no_number_outside_a_transaction():
    with pytest.raises(TransactionManagementError):
        take_number("函", 2026)
    assert not Serial.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rollback_gives_the_number_back():
    with transaction.atomic():
        assert take_number("函", 2026) == 1
        transaction.set_rollback(True)

    with transaction.atomic():
        assert take_number("函", 2026) == 1


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_with_rollbacks_leave_no_gap():
    start, taken, faults = threading.Barrier(8), [], []

    def run():
        try:
            start.wait()
            for turn in range(25):
                try:
                    with transaction.atomic():
                        number = take_number("函", 2026)
                        if turn % 5 == 0:
                            raise KeyError
                except KeyError:
                    continue
                taken.append(number)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert faults == []
    assert sorted(taken) == list(range(1, 8 * 20 + 1))
