"""Directories with and without `.env`."""

from pathlib import Path

import pytest

from tests.support.settings import KEY


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A directory without `.env`."""
    return tmp_path


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    """A directory with one."""
    (tmp_path / ".env").write_text(
        f'# ours\nNEO_API_KEY={KEY}\nPOLL_SECONDS="60"\nexport TIMEZONE=Asia/Tokyo # here\nSPEND_BASIS=\nUNRELATED=1\n'
    )
    return tmp_path
