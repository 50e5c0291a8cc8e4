"""The reverse proxies of a host, a folder each."""
