"""THE WORDS: stack file, versions, plan, slots, routes, ledger, ports, errors. Knows no Prefect, no
Docker SDK, no httpx."""
