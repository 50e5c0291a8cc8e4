"""Schema histories in images with a real Alembic: what the tests of the migrator and of hostile
versions are made of."""

from __future__ import annotations

from setup.wheels import WHEELS
from tests.images import BASE
from tests.integration.data_servers import build_image

TOOL_IMAGE = "tidegate-test/alembic:1"
INI = "[alembic]\nscript_location = migrations\npath_separator = os\n"
ENV = """
import os
from alembic import context
from sqlalchemy import create_engine, pool
print("an env.py that prints")
if context.is_offline_mode():
    context.configure(dialect_name="mysql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    get = os.environ.__getitem__
    url = f"mysql+pymysql://{get('MYSQL_USER')}:{get('MYSQL_PASSWORD')}@{get('MYSQL_HOST')}/{get('MYSQL_DATABASE')}"
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
_DOCKERFILE = f"""FROM {BASE}
COPY wheels /wheels
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install -q --no-index --find-links /wheels alembic pymysql
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
"""


def build_tool_image() -> str:
    """From the example's wheels, which are for the Python of this base."""
    files: dict[str, str | bytes] = {
        f"wheels/{wheel.name}": wheel.read_bytes() for wheel in sorted(WHEELS.iterdir())
    }
    return build_image(TOOL_IMAGE, {"Dockerfile": _DOCKERFILE, **files})


def history_image(tag: str, *revisions: str, env: str) -> str:
    """Build a version whose migrations are `revisions`; what its image starts by itself fails."""
    files: dict[str, str | bytes] = {
        f"versions/{place}.py": text for place, text in enumerate(revisions)
    }
    dockerfile = (
        f"FROM {TOOL_IMAGE}\nCOPY . migrations/\nRUN mv migrations/alembic.ini .\n"
        'ENTRYPOINT ["false"]\n'
    )
    return build_image(tag, {"Dockerfile": dockerfile, "alembic.ini": INI, "env.py": env, **files})


def revision(name: str, down: str | None, upgrade: str, downgrade: str = "pass") -> str:
    return (
        f"import sqlalchemy as sa\nfrom alembic import op\nrevision = {name!r}\ndown_revision = {down!r}\n"
        f"def upgrade():\n    {upgrade}\ndef downgrade():\n    {downgrade}\n"
    )


BILLS = revision(
    "0001",
    None,
    "op.create_table('bills', sa.Column('id', sa.Integer, primary_key=True), "
    "sa.Column('note', sa.String(20)))",
    "op.drop_table('bills')",
)
RENAME = revision(
    "0002",
    "0001",
    "op.alter_column('bills', 'note', new_column_name='remark', existing_type=sa.String(20))",
    "op.alter_column('bills', 'remark', new_column_name='note', existing_type=sa.String(20))",
)
LONGER = revision(
    "0002",
    "0001",
    "op.alter_column('bills', 'note', type_=sa.String(200), existing_type=sa.String(20))",
    "op.alter_column('bills', 'note', type_=sa.String(20), existing_type=sa.String(200))",
)
DROP = revision(
    "0002",
    "0001",
    "op.drop_column('bills', 'note')",
    "op.add_column('bills', sa.Column('note', sa.Text))",
)
