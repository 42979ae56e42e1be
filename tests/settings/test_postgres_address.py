"""The address of a PostgreSQL database: its parts, what is wrong with one, and a password that no text shows."""

import pytest

from bot.settings.credentials import Secret
from bot.settings.errors import InvalidValueError
from bot.settings.postgres_address import PostgresAddress, address_url, postgres_address

PASSWORD = "s3cret:p@ss/w#rd?%"


def test_each_part_is_read() -> None:
    text = "postgresql+psycopg://ana%40example.com:s3cret%3Ap%40ss%2Fw%23rd%3F%25@db.example.com:6432/neo%20usage"
    address = postgres_address(f"{text}?sslmode=verify-full&sslrootcert=/etc/ca.pem")
    assert (address.user, address.host, address.port, address.database) == (
        "ana@example.com",
        "db.example.com",
        6432,
        "neo usage",
    )
    assert address.password is not None
    assert address.password.reveal() == PASSWORD
    assert address.options == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("postgresql+psycopg://neo@localhost/usage", PostgresAddress("localhost", "usage", "neo")),
        ("postgres://neo@[::1]/usage", PostgresAddress("::1", "usage", "neo")),
        ("postgresql://neo@/usage?host=/run/postgresql", PostgresAddress("/run/postgresql", "usage", "neo")),
    ],
)
def test_what_is_left_out_has_a_default(text: str, address: PostgresAddress) -> None:
    assert postgres_address(text) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mysql://u:s3cret@h/db", "not the address of a PostgreSQL database"),
        ("postgresql+asyncpg://u:s3cret@h/db", "not the address of a PostgreSQL database"),
        ("postgresql://u:s3cret@h", "it has no database"),
        ("postgresql://u:s3cret@/db", "it has no host"),
        ("postgresql://h/db?sslmode=s3cret", "it has no user"),
        ("postgresql://u:s3cret@h/db/other", "can't have a slash"),
        ("postgresql://u:s3cret@h:port/db", "its port is not a number from 1 to 65535"),
        ("postgresql://u:s3cret@h:99999/db", "its port is not a number"),
        ("postgresql://u:s3cret@h:0/db", "its port is not a number"),
        ("postgresql://u:s3cret@h:5432,h2:5432/db", "or HOST,HOST:5432 for several hosts"),
        ("postgresql://u:s3cret:port/db", "write %40 for @"),
        ("postgresql://u:s3cret@word@h:port/db", "write %40 for @"),
        ("postgresql://u:s3cret/word@h/db", "write %40 for @"),
        ("postgresql://u:s3cret#word@h/db", "write %40 for @"),
        ("postgresql://u:s3cret%0Aword@h/db", "unprintable"),
        ("postgresql://u@h/db?password=s3cret", "after the \\? only"),
        ("postgresql://u@h/db?connect_timeout=s3cret", "connect_timeout is not a whole number of seconds"),
        ("postgresql://u@h/db?s3cret", "after the \\? only"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(text: str, why: str) -> None:
    with pytest.raises(InvalidValueError, match=why) as raised:
        postgres_address(text)
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_no_text_of_it_shows_the_password() -> None:
    address = PostgresAddress("db.example.com", "usage", "neo", Secret(PASSWORD))
    assert str(address) == "postgresql://neo@db.example.com:5432/usage"
    for text in (str(address), repr(address), f"{address}", f"{address!r}", repr([address])):
        assert PASSWORD not in text
        assert "s3cret" not in text


@pytest.mark.parametrize(
    "address",
    [
        PostgresAddress(
            "db.example.com", "neo usage", "ana@example.com", Secret(PASSWORD), 6432, {"sslmode": "require"}
        ),
        PostgresAddress("/run/postgresql", "usage", "neo"),
        PostgresAddress("::1", "usage", "neo"),
    ],
    ids=["all", "socket", "ipv6"],
)
def test_an_address_is_written_as_it_is_read(address: PostgresAddress) -> None:
    again = postgres_address(address_url(address))
    assert (str(again), again.options) == (str(address), address.options)
    assert (again.password and again.password.reveal()) == (address.password and address.password.reveal())
