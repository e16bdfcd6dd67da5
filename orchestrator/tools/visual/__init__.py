"""Card templates that come with the host, for local plugins to name (spec 13.2.2.1); one file each."""
