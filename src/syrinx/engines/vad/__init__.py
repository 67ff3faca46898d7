"""Voice activity detection: the contract and one file per engine."""
