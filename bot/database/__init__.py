"""The database: one file, one writer, readers beside it, migrations, leases, metadata, backup."""
