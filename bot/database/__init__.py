"""The database, a file of SQLite or on a PostgreSQL server: transactions, migrations, leases, metadata, backup."""
