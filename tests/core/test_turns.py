import threading

import pytest
from django.db import connection, transaction

from core.turns import Turns, turn
from tests.processes import until


def test_whoever_comes_first_goes_first():
    gate, order = Turns(), []
    threads = []
    with gate:
        for number in range(5):
            thread = threading.Thread(target=lambda number=number: pass_through(gate, order, number))
            thread.start()
            threads.append(thread)
            until(lambda number=number: gate._next == number + 2)
    for thread in threads:
        thread.join(10)

    assert order == [0, 1, 2, 3, 4]


def pass_through(gate, order, number):
    with gate:
        order.append(number)


def test_a_fault_lets_the_next_in():
    gate = Turns()
    with pytest.raises(KeyError), gate:
        raise KeyError

    with gate:
        pass


@pytest.mark.django_db(transaction=True)
def test_sqlite_has_a_queue_and_what_is_in_a_transaction_does_not_wait_in_it():
    waits = isinstance(turn(), Turns)
    with transaction.atomic():
        inside = isinstance(turn(), Turns)

    assert (waits, inside) == (connection.vendor == "sqlite", False)
