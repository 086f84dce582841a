"""Lets all that was written in a database have been written long ago: `long_ago.py URL`."""

import os
import sqlite3
import subprocess
import sys

url = sys.argv[1]
statement = "UPDATE journal SET recorded_at = '2020-01-01 00:00:00.000000+00:00'"
if url.startswith("sqlite:"):
    with sqlite3.connect(url.removeprefix("sqlite://"), timeout=30) as database:
        database.execute(statement)
else:
    subprocess.run([os.path.join(os.environ["POSTGRES_BIN"], "psql"), "--quiet", "--command", statement, url], check=True)
