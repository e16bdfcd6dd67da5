"""The vault where conversations may lie too: sealed rows in a database, and the way to open one."""
